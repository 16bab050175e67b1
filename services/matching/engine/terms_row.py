"""The policy and the day as one row of numbers, for the kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.terms import PARTS, RULES, UNKNOWN_CODES
from services.matching.domain.words.saying import METRES_A_KM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms

BIT: Final = {code: 1 << position for position, code in enumerate(UNKNOWN_CODES)}
"""Of every rule and part that can be unknown."""

POSITION: Final = {part: position for position, part in enumerate(PARTS)}

TERMS = np.dtype(
    [
        ("pension_age_sections", np.uint64),
        ("day_sections", np.uint64),
        ("registered_sections", np.uint64),
        ("approved_sections", np.uint64),
        ("assumed_languages", np.uint64),
        ("rules", np.int64),
        ("parts", np.int64),
        ("most", np.int64, (len(PARTS),)),
        ("when_unknown", np.int64, (len(PARTS),)),
        ("today", np.int64),
        ("threshold", np.int64),
        ("further_group_points", np.int64),
        ("full_points_m", np.int64),
        ("no_points_m", np.int64),
        ("no_points_days", np.int64),
    ],
    align=True,
)


def terms_row(terms: Terms, books: Codebooks) -> Array:
    """Give an array of one row: which rules and parts apply, and every number that they need."""
    row = np.zeros(1, dtype=TERMS)
    policy = terms.policy
    for name, codes in (
        ("pension_age_sections", terms.pension_age_sections),
        ("day_sections", terms.day_sections),
        ("registered_sections", terms.registered_sections),
        ("approved_sections", terms.approved_sections),
    ):
        row[name] = books.sections.mask(codes)
    row["assumed_languages"] = books.languages.mask(sorted(terms.assumed_languages))
    row["rules"] = _bits(code for code in RULES if terms.applies(code))
    row["parts"] = _bits(code for code in PARTS if code in terms.parts)
    for code, part in terms.parts.items():
        row["most"][0, POSITION[code]] = part.max_points
        row["when_unknown"][0, POSITION[code]] = part.points_when_unknown
    if "target_group" in terms.parts:
        row["further_group_points"] = terms.parts["target_group"].max_points * policy.further_target_group_percent // 100
    row["today"], row["threshold"] = terms.today.toordinal(), policy.threshold
    row["full_points_m"] = policy.travel_full_points_km * METRES_A_KM
    row["no_points_m"] = policy.travel_no_points_km * METRES_A_KM
    row["no_points_days"] = policy.start_no_points_days
    return row


def _bits(codes: Iterable[str]) -> int:
    return sum(BIT[code] for code in codes)
