"""What the lists hold: frozen values, each with a code, labels in Danish and English, and the days it is valid."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads the annotations
from typing import Final, Literal, Protocol

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

_AS_DECLARED: Final = ConfigDict(extra="forbid")

ConceptKind = Literal[
    "root", "maalgruppe", "ydelse", "tilstand", "funktionsevne", "stoettebehov", "tilbud", "maaltype", "status",
]  # fmt: skip


class Coded(Protocol):
    """What every item of every list has."""

    @property
    def code(self) -> str: ...
    @property
    def label_da(self) -> str: ...
    @property
    def label_en(self) -> str: ...
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


def is_valid(item: Coded, day: date) -> bool:
    """Say whether a code is in use on a day; both ends are days on which it is, and None is no end."""
    return (item.valid_from is None or item.valid_from <= day) and (item.valid_to is None or day <= item.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True, config=_AS_DECLARED)
class Concept:
    """One concept of Fælles Faglige Begreber.

    Attributes:
        code: the official UUID.
        parent: code of the group it stands in; None for the top of a list.
        leaf: a concept by itself, no group.
        levelled: a subtheme that carries a functional level from 0 to 4.
        level: on the scales funktionsevne and støttebehov, 0 (none) to 4 (total); None for *ikke vurderet* and everything else.
    """

    code: str
    kind: ConceptKind
    label_da: str
    label_en: str
    parent: str | None
    leaf: bool
    levelled: bool = False
    level: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=_AS_DECLARED)
class RegionMembership:
    """The region that a kommune lies in, and from when until when."""

    region: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=_AS_DECLARED)
class Municipality:
    """A kommune (or Christiansø, which is none): its landsdel, its region by time, and its centroid in EPSG:25832 metres."""

    code: str
    name: str
    name_en: str | None = None
    landsdel: str
    regions: tuple[RegionMembership, ...]
    easting_m: int
    northing_m: int
    is_municipality: bool = True
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def label_da(self) -> str:
        return self.name

    @property
    def label_en(self) -> str:
        return self.name_en or self.name

    def region_on(self, day: date) -> str | None:
        """Give the code of the region that it lies in on a day."""
        for found in self.regions:
            if (found.valid_from is None or found.valid_from <= day) and (found.valid_to is None or day <= found.valid_to):
                return found.region
        return None


@dataclass(frozen=True, slots=True, kw_only=True, config=_AS_DECLARED)
class OfferType:
    """A kind of offer.

    Attributes:
        id: our code for it.
        law: the law it rests on; None where no law does.
        section: its section there; None where the law has none for it.
        section_id: the section that places of this kind are usually under, as a code of the list `sections`.
        kle: its number in KLE, the municipalities' journal plan.
        supervision: who supervises it.
        open_door: people come as they are; nobody is referred, and nobody is matched to it.
        seed_name: what the portal that this project starts from calls it.
    """

    id: str
    law: str | None
    section: str | None
    label_da: str
    label_en: str
    kle: str | None
    supervision: str | None
    hard_conditions: str
    seed_name: str | None
    is_section: bool = False
    section_id: str | None = None
    open_door: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def code(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True, config=_AS_DECLARED)
class Word:
    """A code of our own or of a standard that needs no more than its labels."""

    code: str
    label_da: str
    label_en: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=_AS_DECLARED)
class Former:
    """A code that is no longer one, or that never was one and is met all the same, with what to use instead.

    Attributes:
        lists: names of the lists in which it is refused.
        valid_to: the last day it was valid; None where it never was.
        replaced_by: the codes to choose among.
    """

    code: str
    lists: tuple[str, ...]
    label_da: str
    label_en: str
    valid_from: date | None = None
    valid_to: date | None
    replaced_by: tuple[str, ...]
    why_da: str
    why_en: str


@dataclass(frozen=True, slots=True, kw_only=True, config=_AS_DECLARED)
class Alias:
    """Words that people use, and what they mean here; each meaning widens a search, none narrows it.

    Attributes:
        words: as people write them, singular and plural; compared without regard to case.
        kinds: kinds of offer, codes of the list `offer-types`.
        sections: codes of the list `sections`.
        target_groups: FFB målgrupper.
        services: FFB ydelser.
        activities: codes of the list `activities`.
        work_tasks: codes of the list `work-tasks`.
        access: codes of the list `access`.
        note_da: what the searcher should be told, where the word says something else than the law; None: nothing.
    """

    words: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    work_tasks: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    note_da: str | None = None
    note_en: str | None = None
