"""The terms of a decision: one dated policy on one day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, get_args

from services.matching.domain.water import waters_of
from shared.contracts.settings import PartCode, RuleCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from services.matching.domain.water import Waters
    from shared.contracts.settings import Part, Policy, Rule

RULES: Final[tuple[RuleCode, ...]] = get_args(RuleCode)
"""Every rule that can be judged, in the order in which failures and unknowns are told."""

PARTS: Final[tuple[PartCode, ...]] = get_args(PartCode)
"""Every part of the fit, in the order in which points are told."""

UNKNOWN_CODES: Final[tuple[str, ...]] = (*RULES, *(part for part in PARTS if part not in RULES))
"""What can be unknown, in the order in which it is told."""

ALWAYS: Final[frozenset[RuleCode]] = frozenset({"status", "not_matched", "section"})
"""Rules that are the frame of matching itself: a policy words them, and cannot leave them out."""

MONTHS_A_YEAR: Final = 12
_ANY_AGE: Final = (-1, 1000)


@dataclass(frozen=True)
class Terms:
    """A policy on a day. Rules that are not yet in force, or that the policy leaves out, do not apply."""

    policy: Policy
    today: date

    @cached_property
    def policy_hash(self) -> str:
        return self.policy.hash()

    @cached_property
    def waters(self) -> Waters:
        """The policy's zones and crossings; a policy without them counts straight lines."""
        return waters_of(self.policy.water)

    @cached_property
    def rules(self) -> Mapping[RuleCode, Rule]:
        """The policy's rules that are in force on the day."""
        return {rule.code: rule for rule in self.policy.rules if rule.in_force_from is None or rule.in_force_from <= self.today}

    @cached_property
    def parts(self) -> Mapping[PartCode, Part]:
        return {part.code: part for part in self.policy.parts}

    @cached_property
    def pension_age_sections(self) -> frozenset[str]:
        return frozenset(self.policy.pension_age_sections)

    @cached_property
    def never_matched_sections(self) -> frozenset[str]:
        return frozenset(self.policy.never_matched_sections)

    @cached_property
    def day_sections(self) -> frozenset[str]:
        return frozenset(self.policy.day_sections)

    @cached_property
    def registered_sections(self) -> frozenset[str]:
        return frozenset(self.policy.registered_sections)

    @cached_property
    def approved_sections(self) -> frozenset[str]:
        return frozenset(self.policy.approved_sections)

    @cached_property
    def assumed_languages(self) -> frozenset[str]:
        return frozenset(self.policy.assumed_languages)

    @cached_property
    def section_ages(self) -> Mapping[str, tuple[int, int]]:
        """Give the ages, from and to in whole years, of the sections that are not for everybody."""
        return {limit.section: (limit.from_age, limit.to_age) for limit in self.policy.section_ages}

    def section_age(self, section: str) -> tuple[int, int]:
        return self.section_ages.get(section, _ANY_AGE)

    def applies(self, code: RuleCode) -> bool:
        return code in ALWAYS or code in self.rules

    def pension_age_months(self, birth_year: int) -> int | None:
        """Give the pension age of a year of birth in whole months; None where the policy says nothing of so early a year."""
        ages = [age for age in self.policy.pension_ages if age.born_from_year <= birth_year]
        return max(ages, key=lambda age: age.born_from_year).months if ages else None


def version_order(version: str) -> tuple[int, ...]:
    """Give what policies' versions are compared by: their numbers in order, so that `2026-11-01.10` is newer than `.9`."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def is_newer_policy(known: Policy | None, new: Policy) -> bool:
    """Say whether a worker leaves `known` for `new`: only ever for a newer one, so that a replay cannot turn back the rules."""
    return known is None or version_order(new.version) > version_order(known.version)
