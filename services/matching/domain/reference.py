"""The reference scorer: slow, obvious, and read beside the policy. The columns of `state.py` are proven equal to it.

First every hard rule, each by itself (`rules/`); then every part of the fit (`fit/`). Integers only: distances in whole metres,
prices in three-hundredths of a krone, ages in whole years, so that every machine and PostgreSQL come to the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.matching.domain.fit import MEASURES
from services.matching.domain.rules import JUDGES
from services.matching.domain.terms import PARTS, RULES, UNKNOWN_CODES
from services.matching.domain.verdicts import Fails, NotKnown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Points
    from services.matching.domain.words.saying import Reason, Words
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import PartCode, RuleCode
    from shared.contracts.vacancy import Vacancy


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that can be said of one pair. The score is the sum of the parts, whether the pair is eligible or not."""

    failed: Mapping[RuleCode, Reason]
    unknown: Mapping[str, Words]
    parts: Mapping[PartCode, Points]

    @property
    def eligible(self) -> bool:
        return not self.failed

    @property
    def score(self) -> int:
        return sum(part.points for part in self.parts.values())


def assess(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Assessment:
    """Judge one pair by every rule and give the points of every part."""
    verdicts = {code: JUDGES[code](need, vacancy, terms) for code in RULES if terms.applies(code)}
    parts = {code: MEASURES[code](need, vacancy, terms) for code in PARTS if code in terms.parts}
    unknown: dict[str, Words] = {code: verdict.words for code, verdict in verdicts.items() if isinstance(verdict, NotKnown)}
    for code, part in parts.items():
        if not part.known:
            unknown.setdefault(code, part.words)
    unknown = {code: unknown[code] for code in UNKNOWN_CODES if code in unknown}
    return Assessment(
        failed={code: verdict.reason for code, verdict in verdicts.items() if isinstance(verdict, Fails)},
        unknown=unknown,
        parts=parts,
    )
