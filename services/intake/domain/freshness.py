"""How long a posting is believed: by its sections and kinds, since a bed in a crisis centre is gone before a workshop place is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime, timedelta

    from shared.contracts.settings import PensionAge

_DENMARK: Final = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a posting is believed.

    Attributes:
        lasts: it expires so long after its last confirmation.
        remind_before: the offer is asked to confirm so long before that; shorter than `lasts`.
    """

    lasts: timedelta
    remind_before: timedelta


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long postings are believed, and closed ones kept: settings of this instance (`freshness.yaml`).

    Attributes:
        otherwise: for a section that has no validity of its own.
        confirm_again_after: the same stated again is a confirmation, if the last one is at least so old.
        keep_closed: a closed vacancy is erased so long after it closed.
        by_code: by the code of a section or of a kind of offer.
    """

    otherwise: Validity
    confirm_again_after: timedelta
    keep_closed: timedelta
    by_code: Mapping[str, Validity] = field(default_factory=dict)

    def validity(self, sections: Iterable[str], kinds: Iterable[str]) -> Validity:
        """Give the validity of a posting under some sections and kinds: the shortest of theirs, since one place stands for all.

        A section without a validity of its own has the usual one; a kind without one says nothing.
        """
        found = [self.by_code.get(section, self.otherwise) for section in sections]
        found += [self.by_code[kind] for kind in kinds if kind in self.by_code]
        return min(found, key=lambda one: one.lasts, default=self.otherwise)


@dataclass(frozen=True, slots=True)
class Term:
    """From a confirmation to when it is believed no more.

    Attributes:
        expires_at: the posting closes then.
        remind_at: the offer is asked to confirm then.
    """

    expires_at: datetime
    remind_at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens, and how long a posting is believed from then.

    Attributes:
        now: with a time zone.
        freshness: of this instance.
        pension_ages: of the policy of the day; empty: none is known.
    """

    now: datetime
    freshness: Freshness
    pension_ages: tuple[PensionAge, ...] = ()

    @property
    def day(self) -> date:
        """The day in Denmark."""
        return self.now.astimezone(_DENMARK).date()

    def term(self, sections: Iterable[str], kinds: Iterable[str]) -> Term:
        """Give the term of a posting that is confirmed now."""
        validity = self.freshness.validity(sections, kinds)
        expires_at = self.now + validity.lasts
        return Term(expires_at, expires_at - validity.remind_before)

    def believes(self, confirmed_at: datetime, sections: Iterable[str], kinds: Iterable[str]) -> bool:
        """Say whether a confirmation is so young that the same stated again is none.

        A posting that is believed for hours only is confirmed again sooner: at a quarter of its term at the latest, so that a system
        that sends it every hour keeps it alive.
        """
        lasts = self.freshness.validity(sections, kinds).lasts
        return self.now - confirmed_at < min(self.freshness.confirm_again_after, lasts / 4)
