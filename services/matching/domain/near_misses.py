"""The answer to "why so few": of all open places, which a need just misses, by cause, and what would let the nearest of them in.

The columns say of every place which rules it fails; only a few places of each cause are told in full, by the reference scorer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from services.matching.domain.changes import made
from services.matching.domain.explaining import change
from services.matching.domain.pair_columns import BIT
from services.matching.domain.reference import assess
from services.matching.domain.standing import failed_codes, most_often_alone
from services.matching.domain.terms import RULES
from services.matching.domain.words import near_misses as words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.matching.domain.reference import Assessment
    from services.matching.domain.standing import Standing
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import RuleCode
    from shared.contracts.vacancy import Vacancy

MOST_RULES: Final = 2
"""A place that fails more is no near miss."""

_MOST_PAIRS_OF_RULES: Final = 10


@dataclass(frozen=True, slots=True)
class OpenPlaces:
    """All open places that a worker knows: how many, and one of them whole by its row in the columns."""

    count: int
    matchable: int
    at: Callable[[int], Vacancy]


class NearMisses:
    """Sorts what a need stands to by cause, nearest first."""

    def __init__(self, need: NeedProfile, standing: Standing, places: OpenPlaces, terms: Terms, *, examples: int) -> None:
        # "What if" is asked of a closed need too: then as if it were open.
        self._need = need.model_copy(update={"status": "open"})
        self._standing = standing
        self._places = places
        self._terms = terms
        self._examples = examples
        self._failures = np.bitwise_count(standing.failed)

    def told(self) -> dict[str, Any]:
        """Give the public JSON. Each open place is counted once: proposed, below the threshold, in a cause, or in what is left."""
        standing, terms = self._standing, self._terms
        passes = self._failures == 0
        enough = standing.score >= terms.policy.threshold
        below, unknown = passes & ~enough, passes & self._has_unknown_rule()
        alone, pairs = self._causes(1), self._causes(MOST_RULES)
        sentence = words.summary(
            int(np.count_nonzero(passes & enough)),
            [(codes[0], count) for codes, count, _ in alone],
            int(np.count_nonzero(unknown)),
            int(np.count_nonzero(below)),
        )
        told_pairs = pairs[:_MOST_PAIRS_OF_RULES]
        return {
            "need_id": self._need.need_id,
            "text_da": sentence.da,
            "text_en": sentence.en,
            "open": self._places.count,
            "found_only": self._places.count - self._places.matchable,
            "other_sections": self._places.matchable - len(standing.rows),
            "proposed": int(np.count_nonzero(passes & enough)),
            "below_threshold": {"count": int(np.count_nonzero(below)), "examples": self._told_few(np.flatnonzero(below))},
            "unknown": {"count": int(np.count_nonzero(unknown)), "rules": self._unknown_rules(passes)},
            "causes": [self._cause(codes, at) for codes, _, at in (*alone, *told_pairs)],
            "other_pairs_of_rules": sum(count for _, count, _ in pairs[_MOST_PAIRS_OF_RULES:]),
            "more_rules": int(np.count_nonzero(self._failures > MOST_RULES)),
            "often_in_the_way": most_often_alone(standing.failed, terms),
            "threshold": terms.policy.threshold,
            "policy": terms.policy_hash,
            "policy_version": terms.policy.version,
            "day": terms.today.isoformat(),
        }

    def _causes(self, rules: int) -> list[tuple[tuple[RuleCode, ...], int, Array]]:
        """Give the sets of so many rules that places fail on, with how many, most first, then in the order of RULES."""
        at = np.flatnonzero(self._failures == rules)
        found = [(int(bits), at[self._standing.failed[at] == bits]) for bits in np.unique(self._standing.failed[at])]
        found.sort(key=lambda one: (-len(one[1]), [RULES.index(code) for code in failed_codes(one[0])]))
        return [(failed_codes(bits), len(positions), positions) for bits, positions in found]

    def _cause(self, codes: Sequence[RuleCode], at: Array) -> dict[str, Any]:
        names, sentence = words.in_short(codes), words.only_on(codes, len(at))
        nearest, *_ = near = self._nearest(at)
        place = self._places.at(int(self._standing.rows[nearest]))
        found = assess(self._need, place, self._terms)
        return {
            "rules": list(codes),
            "rules_da": names.da,
            "rules_en": names.en,
            "count": len(at),
            "text_da": sentence.da,
            "text_en": sentence.en,
            "nearest": {
                "vacancy_id": place.vacancy_id,
                "offer_name": place.offer_name,
                "title_da": place.title_da,
                "failed": [
                    {
                        "code": code,
                        "text_da": reason.words.da,
                        "text_en": reason.words.en,
                        "change": change(reason, self._need, place),
                    }
                    for code, reason in found.failed.items()
                ],
                "after": self._after(place, found),
            },
            "examples": [self._example(position) for position in near],
        }

    def _after(self, place: Vacancy, found: Assessment) -> dict[str, Any] | None:
        """Judge the pair again as it would be after all changes; None where one of them is not a matter of fields.

        Two fields may hang together, so that it is not taken for granted that the pair is then eligible.
        """
        if not all(reason.steps for reason in found.failed.values()):
            return None
        steps = [step for reason in found.failed.values() for step in reason.steps]
        then = assess(*made(steps, self._need, place), self._terms)
        proposed = then.eligible and then.score >= self._terms.policy.threshold
        return {"eligible": then.eligible, "proposed": proposed, "score": then.score}

    def _unknown_rules(self, passes: Array) -> list[dict[str, Any]]:
        """Tell of the places that fail nothing which rules could not be judged, most often first: there is something to ask."""
        told = []
        for code in RULES:
            at = np.flatnonzero(passes & ((self._standing.unknown & BIT[code]) != 0))
            if not len(at):
                continue
            near = self._nearest(at)
            said = self._assessed(near[0])[1].unknown[code]
            examples = [self._example(position) for position in near]
            told.append({"code": code, "count": len(at), "text_da": said.da, "text_en": said.en, "examples": examples})
        return sorted(told, key=lambda one: -one["count"])

    def _has_unknown_rule(self) -> Array:
        rules = sum(int(BIT[code]) for code in RULES)
        return np.asarray((self._standing.unknown & np.int32(rules)) != 0)

    # --- single places -----------------------------------------------------------------------------------------------

    def _nearest(self, at: Array) -> list[int]:
        """Give a few of these: what is least in the way first, then most points, then by id, so that the answer is the same anywhere."""
        standing = self._standing
        order = np.lexsort((standing.rank[at], -standing.score[at], standing.short_by[at]))
        nearest: list[int] = at[order[: self._examples]].tolist()
        return nearest

    def _assessed(self, position: int) -> tuple[Vacancy, Assessment]:
        place = self._places.at(int(self._standing.rows[position]))
        return place, assess(self._need, place, self._terms)

    def _told_few(self, at: Array) -> list[dict[str, Any]]:
        return [self._example(position) for position in self._nearest(at)]

    def _example(self, position: int) -> dict[str, Any]:
        """Tell a place with its points, which are its own whether it is eligible or not."""
        place, found = self._assessed(position)
        return {
            "vacancy_id": place.vacancy_id,
            "offer_name": place.offer_name,
            "title_da": place.title_da,
            "score": found.score,
            "points": {code: part.points for code, part in found.parts.items()},
        }
