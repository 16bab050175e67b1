"""What of the sample was written by hand: read from `written/`, words turned into codes and days into dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml

from deploy.simulate import labels
from shared.contracts import reference
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft

_FOLDER = Path(__file__).with_name("written")
_TARGET_GROUPS = ("target_groups", "further_target_groups")
_LEVELS = ("levels", "staffed_levels")


@dataclass(frozen=True, slots=True)
class WrittenOffer:
    """An offer, the partner whose system speaks for it, if any, and its vacancies."""

    offer_id: str
    partner: str | None
    draft: OfferDraft
    vacancies: tuple[VacancyDraft, ...]


@dataclass(frozen=True, slots=True)
class WrittenNeed:
    """A need, and whether a caseworker would expect the sample to have a place for it."""

    expects: Literal["something", "nothing"]
    draft: NeedDraft


def written_offers(day: date) -> tuple[WrittenOffer, ...]:
    """Read the offers and their vacancies; their dates are reckoned from `day`."""
    return tuple(_offer(entry, day) for entry in _read("offers.yaml"))


def written_needs(day: date) -> tuple[WrittenNeed, ...]:
    """Read the needs; their dates are reckoned from `day`."""
    return tuple(_need(entry, day) for entry in _read("needs.yaml"))


def _read(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
    return entries


def _offer(entry: dict[str, Any], day: date) -> WrittenOffer:
    offer_id, partner, vacancies = entry.pop("offer_id"), entry.pop("partner", None), entry.pop("vacancies")
    stated = {
        "offer_id": offer_id,
        "kinds": entry["kinds"],
        "sections": entry.get("sections", ()),
        "contact": entry.get("contact"),
    }
    return WrittenOffer(
        offer_id=offer_id,
        partner=partner,
        draft=OfferDraft.model_validate({"location": _centroid(entry["municipality"])} | entry),
        vacancies=tuple(_vacancy(stated | vacancy, day) for vacancy in vacancies),
    )


def _centroid(municipality: str) -> dict[str, int]:
    """Give where an offer lies that says no more than its kommune."""
    place = reference.municipalities()[municipality]
    return {"easting_m": place.easting_m, "northing_m": place.northing_m}


def _vacancy(entry: dict[str, Any], day: date) -> VacancyDraft:
    return VacancyDraft.model_validate(_coded(_dated(entry, day, {"available_in_days": "available_from"})))


def _need(entry: dict[str, Any], day: date) -> WrittenNeed:
    expects, waiting_days = entry.pop("expects"), entry.pop("waiting_days")
    dated = _dated(entry, day, {"start_in_days": "start_from"})
    if "deadline" in dated:
        dated["deadline"] = _dated(dated["deadline"], day, {"in_days": "date"})
    if "given_days_ago" in dated.get("consent", {}):
        given = dated["consent"]
        dated["consent"] = {"basis": given["basis"], "given_on": day - timedelta(days=given["given_days_ago"])}
    draft = NeedDraft.model_validate(_coded(dated | {"waiting_since": day - timedelta(days=waiting_days)}))
    return WrittenNeed(expects, draft)


def _dated(entry: dict[str, Any], day: date, fields: dict[str, str]) -> dict[str, Any]:
    return {fields.get(name, name): day + timedelta(days=value) if name in fields else value for name, value in entry.items()}


def _coded(entry: dict[str, Any]) -> dict[str, Any]:
    coded = dict(entry)
    for name in _TARGET_GROUPS:
        coded[name] = [labels.target_group(label) for label in entry.get(name, ())]
    coded["services"] = [labels.service(label) for label in entry.get("services", ())]
    for name in _LEVELS:
        coded[name] = {labels.theme(label): level for label, level in entry.get(name, {}).items()}
    coded["cannot_take"] = [
        {"code": labels.target_group(one["group"]), "strength": one["strength"]} for one in entry.get("cannot_take", ())
    ]
    if "primary_target_group" in entry:
        coded["primary_target_group"] = labels.target_group(entry["primary_target_group"])
    return {name: value for name, value in coded.items() if value not in ([], {})}
