"""What another policy does to lists: who gains and who loses a match, and by what, counted; no need is named."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from services.matching.domain.reference import assess
from services.matching.domain.rules import JUDGES
from services.matching.domain.terms import RULES
from services.matching.domain.verdicts import Fails

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

SMALLEST: Final = 5
"""Needs that a group has at the least to be shown by itself: fewer would tell of single citizens."""

Scores = dict[str, int]
"""Points by vacancy id, in the order of the list."""

BELOW_THRESHOLD: Final = "below_threshold"
OUTRANKED: Final = "outranked"
"""Eligible with points enough under both policies, and others came or went before it."""


@dataclass(slots=True)
class Tally:
    """Counts of the needs of one group. A match is a place on a need's list."""

    needs: int = 0
    needs_gaining: int = 0
    needs_losing: int = 0
    needs_reordered: int = 0
    """Places that stay on the list stand in another order."""
    needs_with_other_points: int = 0
    """A place that stays on the list has other points."""
    newly_served: int = 0
    """Had no place, and has one."""
    newly_empty: int = 0
    """Had a place, and has none."""
    matches_before: int = 0
    matches_after: int = 0
    gained: int = 0
    lost: int = 0

    def add(self, before: Scores, after: Scores) -> None:
        """Count one need."""
        kept = [id_ for id_ in before if id_ in after]
        gained, lost = len(after) - len(kept), len(before) - len(kept)
        self.needs += 1
        self.needs_gaining += gained > 0
        self.needs_losing += lost > 0
        self.needs_reordered += kept != [id_ for id_ in after if id_ in before]
        self.needs_with_other_points += any(before[id_] != after[id_] for id_ in kept)
        self.newly_served += bool(after and not before)
        self.newly_empty += bool(before and not after)
        self.matches_before += len(before)
        self.matches_after += len(after)
        self.gained += gained
        self.lost += lost

    def add_all(self, other: Tally) -> None:
        """Take another group's counts in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


Groups = dict[str, Tally]


@dataclass(slots=True)
class Effects:
    """What was counted: of all needs, and by what they have in common. A need with several sections counts under each."""

    total: Tally = field(default_factory=Tally)
    by_section: Groups = field(default_factory=dict)
    by_municipality: Groups = field(default_factory=dict)
    """By the handlekommune."""
    by_target_group: Groups = field(default_factory=dict)
    """By the primary målgruppe."""
    lost_by: Counter[str] = field(default_factory=Counter)
    """Lost matches by the rule that fails under the new policy, or another cause; one that fails several counts under each."""
    gained_by: Counter[str] = field(default_factory=Counter)
    """Gained matches by what stood in the way under the old policy, likewise."""

    def add(self, need: NeedProfile, before: Scores, after: Scores) -> None:
        """Count one need everywhere that it belongs."""
        self.total.add(before, after)
        for section in sorted({wanted.section for wanted in need.sections}):
            self.by_section.setdefault(section, Tally()).add(before, after)
        self.by_municipality.setdefault(need.handlekommune, Tally()).add(before, after)
        self.by_target_group.setdefault(need.primary_target_group, Tally()).add(before, after)


def causes(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> tuple[str, ...]:
    """Say what keeps a pair off the list under one policy: the rules that fail, else too few points, else that others are better."""
    # Most lost matches fail a rule: only the others are measured too, which is half of the work.
    failed = tuple(code for code in RULES if terms.applies(code) and isinstance(JUDGES[code](need, vacancy, terms), Fails))
    if failed:
        return failed
    return (BELOW_THRESHOLD,) if assess(need, vacancy, terms).score < terms.policy.threshold else (OUTRANKED,)


@dataclass(frozen=True, slots=True)
class ShownGroups:
    """Groups fit to be shown, the most touched first, and what the small ones add up to."""

    groups: Sequence[tuple[str, Tally]]
    others: Tally
    others_count: int
    """How many groups `others` is made of."""


def shown(groups: Mapping[str, Tally], smallest: int = SMALLEST) -> ShownGroups:
    """Put small groups together, and with them the next larger ones until they are no small group themselves.

    Nothing is left out: the groups shown and `others` add up to all.
    """
    others, count = Tally(), 0
    kept: list[tuple[str, Tally]] = []
    for code, tally in sorted(groups.items(), key=lambda item: (item[1].needs, item[0])):
        if tally.needs < smallest or 0 < others.needs < smallest:
            others.add_all(tally)
            count += 1
        else:
            kept.append((code, tally))
    kept.sort(key=lambda item: (-item[1].lost - item[1].gained, item[0]))
    return ShownGroups(kept, others, count)
