"""The hand-written cases of `tests/cases/sager.yaml`, read into needs, places and what is expected of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.contracts import reference
from shared.contracts.need import NeedProfile
from shared.contracts.settings import Policy
from shared.contracts.vacancy import Vacancy
from tests.support import written_cases_words as words
from tests.support.written_cases_reading import CaseError, Entry, WrongEntryError, read_fields, read_file

FILE = Path(__file__).parents[1] / "cases" / "sager.yaml"

_OF_A_CASE = frozenset({"navn", "fortælling", "borger", "pladser", "behov", "senere", "dag", "intake svarer"})
_OF_AN_OUTCOME = frozenset({"forventet", "ikke"})
_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "é": "e", " ": "-"})


@dataclass(frozen=True, slots=True)
class Expected:
    """A place that is to be proposed, or is not to be.

    Attributes:
        line: where it stands.
        points: the whole score; None: not said.
        rules: every rule that fails; empty for a place that is proposed, or has too few points.
        unknown: everything that is unknown; None: not said.
        because: texts that the explanation has.
    """

    line: int
    place: str
    points: int | None
    rules: tuple[str, ...]
    unknown: tuple[str, ...] | None
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """One need of a case, and what is expected of it."""

    need: NeedProfile
    line: int
    proposed: tuple[Expected, ...]
    others: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stand on a day: the places, the needs, and what is expected."""

    day: date
    places: Mapping[str, Vacancy]
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    line: int
    moments: tuple[Moment, ...]
    refusal: tuple[str, ...]


def read_cases(path: Path, policy: Policy) -> list[Case]:
    """Read the file.

    Raises:
        CaseError: something in it is not as it must be; it names the case and the line.
    """
    file = read_file(path)
    try:
        entries = file.named()["sager"].each()
        day = file.named()["dag"].day()
    except (KeyError, WrongEntryError) as error:
        raise CaseError(f"{path.name}: dag og sager skal stå øverst.\n{path.name}: dag and sager must stand on top.") from error
    cases, towns = [], words.places_on_the_map(policy)
    for number, entry in enumerate(entries, 1):
        name = f"nr. {number}"
        try:
            name = _needed(entry, "navn").text()
            cases.append(_Reader(towns, day).case(name, entry))
        except WrongEntryError as error:
            raise error.in_case(path, name) from error
    return cases


def _needed(entry: Entry, name: str) -> Entry:
    if name not in entry.named():
        raise entry.wrong(f"feltet »{name}« mangler.", f"the field »{name}« is missing.")
    return entry.named()[name]


class _Reader:
    """Reads one case; later moments go on from the one before."""

    def __init__(self, towns: Mapping[str, Any], day: date) -> None:
        self._citizen, self._place = words.citizen_fields(towns), words.place_fields(towns)
        self._towns, self._day = towns, day
        self._said_of_citizen: dict[str, object] = {}
        self._said_of_places: dict[str, dict[str, object]] = {}
        self._versions = 1

    def case(self, name: str, entry: Entry) -> Case:
        known = _OF_A_CASE | _OF_AN_OUTCOME
        read_fields(entry, {}, beside=known)
        _needed(entry, "borger")
        moments = [self._moment(entry)]
        later = entry.named().get("senere")
        for step in later.each() if later else ():
            read_fields(step, {}, beside=known | {"hvad"})
            self._versions += 1
            moments.append(self._moment(step))
        refusal = entry.named().get("intake svarer")
        return Case(name, entry.line, tuple(moments), tuple(one.text() for one in refusal.each()) if refusal else ())

    def _moment(self, entry: Entry) -> Moment:
        said = entry.named()
        self._day = said["dag"].day() if "dag" in said else self._day
        if "borger" in said:
            self._said_of_citizen |= read_fields(said["borger"], self._citizen, beside=frozenset({"udelukket"}))
            if "udelukket" in said["borger"].named():
                self._said_of_citizen["ruled_out"] = tuple(_ruled_out(one) for one in said["borger"].named()["udelukket"].each())
        for nickname, place in (said["pladser"].named() if "pladser" in said else {}).items():
            if alike := [name for name in self._said_of_places if name != nickname and _slug(name) == _slug(nickname)]:
                both = f"»{alike[0]}« / »{nickname}«"
                raise place.wrong(f"{both}: kælenavnene ligner hinanden for meget.", f"{both}: the nicknames are too much alike.")
            stated = {} if place.is_text("passer i alt") else read_fields(place, self._place)
            self._said_of_places[nickname] = self._said_of_places.get(nickname, {}) | stated
            self._vacancy(nickname, place)  # what is wrong with it is told on its own line
        wishes = []
        if "behov" in said:
            for nickname, one in said["behov"].named().items():
                own = read_fields(one, self._citizen, beside=_OF_AN_OUTCOME)
                wishes.append(self._wish(one, nickname, self._said_of_citizen | own))
        else:
            wishes.append(self._wish(entry, "behov", self._said_of_citizen))
        return Moment(self._day, {name: self._vacancy(name, entry) for name in self._said_of_places}, tuple(wishes))

    def _wish(self, entry: Entry, nickname: str, stated: Mapping[str, object]) -> Wish:
        fields = {
            "need_id": f"behov-{_slug(nickname)}", "version": self._versions, "status": "open", "case": "sag-1", "caseworker": "sb-1",
        }  # fmt: skip
        try:
            need = NeedProfile.model_validate(fields | dict(stated))
        except ValidationError as error:
            raise _not_valid(entry, error) from error
        proposed = tuple(_expected(one, must_fail=False) for one in _list(entry, "forventet"))
        others = tuple(_expected(one, must_fail=True) for one in _list(entry, "ikke"))
        self._every_place_once(entry, [*proposed, *others])
        return Wish(need, entry.line, proposed, others)

    def _every_place_once(self, entry: Entry, expected: Sequence[Expected]) -> None:
        named = [one.place for one in expected]
        for one in expected:
            if one.place not in self._said_of_places:
                there = ", ".join(self._said_of_places) or "-"
                raise WrongEntryError(
                    one.line,
                    f"pladsen »{one.place}« er ikke blandt sagens pladser ({there}).",
                    f"the place »{one.place}« is not among the places of the case ({there}).",
                )
            if named.count(one.place) > 1:
                raise WrongEntryError(one.line, f"»{one.place}« står to gange.", f"»{one.place}« stands twice.")
        if missing := [name for name in self._said_of_places if name not in named]:
            names = ", ".join(missing)
            raise entry.wrong(
                f"der står ikke, hvad der skal ske med {names}: skriv den under »forventet« eller »ikke«.",
                f"nothing says what is to become of {names}: put it under »forventet« or »ikke«.",
            )

    def _vacancy(self, nickname: str, entry: Entry) -> Vacancy:
        stated = _fits_in_everything(self._said_of_citizen) | self._said_of_places[nickname]
        if stated.get("address_protected"):
            stated |= {"location": None, "municipality": "", "address": None}
        fields = {
            "vacancy_id": f"plads-{_slug(nickname)}", "offer_id": f"tilbud-{_slug(nickname)}", "offer_name": nickname,
            "title_da": nickname, "version": self._versions, "status": "open", "came_in_by": "http",
            "confirmed_at": datetime(2026, 11, 20, 8, tzinfo=UTC), "expires_at": datetime(2026, 11, 20, 8, tzinfo=UTC) + timedelta(30),
        }  # fmt: skip
        try:
            return Vacancy.model_validate(fields | stated)
        except ValidationError as error:
            raise _not_valid(entry, error) from error


def _fits_in_everything(citizen: Mapping[str, object]) -> dict[str, object]:
    """Give what a place says that fits a citizen in everything, so that a case only tells what is otherwise."""
    wanted: Any = citizen.get("sections", ())
    points: Any = citizen.get("points_of_reference", ())
    kommune = str(citizen.get("handlekommune", ""))
    known = reference.municipalities()
    ceiling = citizen.get("price_ceiling_dkk_per_month")
    weekdays = range(1, 6)
    return {
        "sections": tuple(one["section"] for one in wanted),
        "target_groups": (citizen["primary_target_group"],) if "primary_target_group" in citizen else (),
        "services": citizen.get("services", ()),
        "activities": citizen.get("activities", ()),
        "work_tasks": citizen.get("work_tasks", ()),
        "staffed_levels": citizen.get("levels", {}),
        "languages": citizen.get("languages", ()),
        "equipment": citizen.get("equipment_needs", ()),
        "accessibility": dict.fromkeys(reference.words("accessibility"), True),
        "location": {name: points[0][name] for name in ("easting_m", "northing_m")} if points else None,
        "municipality": kommune,
        "landsdel": known[kommune].landsdel if kommune in known else "",
        "age_from": 18,
        "age_to": 85,
        "gender_rule": "everyone",
        "places_free": 1,
        "opening": 1,
        "registered": True,
        "approved": True,
        "room_for_two": True,
        "room_for_children": True,
        "pets": True,
        "price_lines": () if ceiling is None else ({"amount_dkk": ceiling, "unit": "month"},),
        "day_capacity": tuple(
            {"weekday": day, "half": half, "places_free": 1} for day in weekdays for half in ("morning", "afternoon")
        ),
        "opening_hours": tuple({"weekday": day, "opens": "08:00", "closes": "16:00"} for day in weekdays),
    }


def _slug(nickname: str) -> str:
    return re.sub("[^a-z0-9-]", "", nickname.lower().translate(_LETTERS))


def _list(entry: Entry, name: str) -> list[Entry]:
    found = entry.named().get(name)
    if found is None or found.is_text("ingen"):
        return []
    return found.each()


def _ruled_out(entry: Entry) -> dict[str, object]:
    read = read_fields(
        entry,
        {
            "plads": lambda one: {"vacancy_id": f"plads-{_slug(one.text())}"},
            "hvorfor": lambda one: {"reason": one.one_of(words.REFUSALS, "grund")},
            "kun åbning nr.": lambda one: {"opening": one.number()},
            "til og med": lambda one: {"until": one.day()},
        },
    )
    _needed(entry, "plads"), _needed(entry, "hvorfor")
    return read


def _expected(entry: Entry, *, must_fail: bool) -> Expected:
    said = entry.named()
    read_fields(entry, {}, beside=frozenset({"plads", "point", "regel", "fordi", "ukendt"}))
    if must_fail:
        _needed(entry, "regel")
    rules = [] if "regel" not in said or said["regel"].is_text("for få point") else said["regel"].each()
    return Expected(
        line=entry.line,
        place=_needed(entry, "plads").text(),
        points=said["point"].number() if "point" in said else None,
        rules=tuple(one.one_of(words.RULES, "regel") for one in rules),
        unknown=tuple(one.one_of(words.UNKNOWNS, "ukendt") for one in _list(entry, "ukendt")) if "ukendt" in said else None,
        because=tuple(one.text() for one in said["fordi"].each()) if "fordi" in said else (),
    )


def _not_valid(entry: Entry, error: ValidationError) -> WrongEntryError:
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    return entry.wrong(f"kontrakten siger nej til {where}: {first['msg']}", f"the contract refuses {where}: {first['msg']}")
