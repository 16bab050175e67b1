"""What the own copy keeps of a vacancy: enough to say what an alert is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.notifications.domain.places import Position
    from shared.contracts.vacancy import Vacancy


@dataclass(frozen=True, slots=True)
class VacancyState:
    """One state of one vacancy; `gone` is its tombstone, of which only the position is kept."""

    vacancy_id: str
    position: Position
    status: Literal["open", "closed", "gone"]
    opening: int
    said: Mapping[str, Any] | None


def state_of(vacancy_id: str, position: Position, vacancy: Vacancy | None) -> VacancyState:
    """Reduce a vacancy, or its tombstone (None), to what the copy keeps."""
    if vacancy is None:
        return VacancyState(vacancy_id, position, "gone", 0, None)
    return VacancyState(vacancy_id, position, vacancy.status, vacancy.opening, _said(vacancy))


def newest(states: Iterable[VacancyState]) -> list[VacancyState]:
    """Keep the newest state of each vacancy."""
    held: dict[str, VacancyState] = {}
    for state in states:
        before = held.get(state.vacancy_id)
        if before is None or state.position > before.position:
            held[state.vacancy_id] = state
    return list(held.values())


def _said(vacancy: Vacancy) -> dict[str, Any]:
    """Whatever a caseworker reads before ringing. A protected address is not in the vacancy to begin with."""
    contact = vacancy.contact
    return {
        "title_da": vacancy.title_da,
        "offer_name": vacancy.offer_name,
        "sections": vacancy.sections,
        "municipality": vacancy.municipality,
        "landsdel": vacancy.landsdel,
        "address_protected": vacancy.address_protected,
        "places_free": vacancy.places_free,
        "available_from": vacancy.available_from,
        "confirmed_at": vacancy.confirmed_at,
        "phone": contact.phone if contact else None,
        "web": contact.web if contact else None,
    }
