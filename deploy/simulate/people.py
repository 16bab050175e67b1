"""Demo caseworkers: opaque ids, a team, a language and an address that belongs to no one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.simulate.offers import population

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGE = 100
"""From so many thousand inhabitants a kommune has two demo caseworkers."""
_READS_ENGLISH = 4
"""So many numbers in, one who has set English."""


@dataclass(frozen=True, slots=True)
class Caseworker:
    """Somebody who is alerted."""

    person_id: str
    mail: str
    municipality: str
    team: str
    language: str


def caseworkers(municipality: str) -> tuple[Caseworker, ...]:
    """Give the demo caseworkers of one kommune: always the same."""
    count = 2 if population()[municipality] >= _LARGE else 1
    return tuple(_caseworker(municipality, number) for number in range(1, count + 1))


def caseworker_for(municipality: str, number: int) -> Caseworker:
    """Give the caseworker who has case `number`."""
    candidates = caseworkers(municipality)
    return candidates[number % len(candidates)]


def everyone(municipalities: Iterable[str]) -> tuple[Caseworker, ...]:
    """Give all demo caseworkers of these kommuner."""
    return tuple(person for code in sorted(set(municipalities)) for person in caseworkers(code))


def _caseworker(municipality: str, number: int) -> Caseworker:
    person_id = f"sb-{municipality}-{number}"
    return Caseworker(
        person_id=person_id,
        mail=f"{person_id}@kommune-{municipality}.example",
        municipality=municipality,
        team=f"team-{municipality}-{number}",
        language="en" if (int(municipality) + number) % _READS_ENGLISH == 0 else "da",
    )
