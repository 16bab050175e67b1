"""The hard rules of `rules/`, column by column: every rule that a pair fails, for the near misses of a need.

The engine stops at the first rule that fails; here all are wanted, of one need and all places, and seldom. Only integers decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from services.matching.domain.codebooks import WORD
from services.matching.domain.facts import PensionAge
from services.matching.domain.half_days import ALL_HALF_DAYS
from services.matching.domain.prices import CLASSES, PRICE_UNIT
from services.matching.domain.roots import integer_sqrt
from services.matching.domain.terms import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.pair_columns import Pairs
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from shared.contracts.settings import RuleCode

_HOLDS, _FAILS, _NOT_KNOWN = 0, 1, 2
# By the need's gender (none stated, woman, man) and the place's rule (none or an unknown code, women, men, everyone).
_GENDER_VERDICTS: Final = np.array(
    [
        [_HOLDS, _NOT_KNOWN, _NOT_KNOWN, _HOLDS],
        [_NOT_KNOWN, _HOLDS, _FAILS, _HOLDS],
        [_NOT_KNOWN, _FAILS, _HOLDS, _HOLDS],
    ],
    dtype=np.int8,
)
_SAID_NO: Final = 2

RULE_BIT: Final = {code: np.int32(1 << position) for position, code in enumerate(RULES)}

Failing = Any
"""Per pair, or for all of a vacancy's pairs at once, whether a rule fails."""


class PairRules:
    """Judges pairs under one set of terms; `status`, `not_matched` and `section` hold for every pair that comes here."""

    def __init__(self, books: Codebooks, terms: Terms) -> None:
        self._terms = terms
        self._today = terms.today.toordinal()
        sections = {
            "pension_age": terms.pension_age_sections,
            "half_days": terms.day_sections,
            "registered": terms.registered_sections,
            "approved": terms.approved_sections,
        }
        self._sections = {code: np.uint64(books.sections.mask(of)) for code, of in sections.items()}
        stages: Sequence[Mapping[RuleCode, Callable[[Pairs], Failing]]] = (
            # What compares a value or two of each side and excludes most, then the rest, the costly last.
            {"capacity": self._capacity, "reserved": self._reserved, "age": self._age, "section_age": self._section_age},
            {
                "gender": self._gender,
                "cannot_take": self._cannot_take,
                "registered": self._registered,
                "approved": self._approved,
                "dates": self._dates,
                "half_days": self._half_days,
            },
            {
                "pension_age": self._pension_age,
                "target_group": self._target_group,
                "access": self._access,
                "equipment": self._equipment,
                "company": self._company,
                "distance": self._distance,
                "price": self._price,
                "ruled_out": self._ruled_out,
            },
        )
        self._stages = [[(code, judge) for code, judge in stage.items() if terms.applies(code)] for stage in stages]

    def failing(self, pairs: Pairs, most: int | None = None) -> Array:
        """Give of pairs that share a section every rule that they fail, as bits in the order of RULES.

        All pairs stay; or, with `most`, those that fail no more rules than that.
        """
        failed = np.zeros(len(pairs), dtype=np.int32)
        if self._terms.applies("target_group"):
            apart = (pairs.n("target_groups") & pairs.v("groups_or_any")) == 0
            failed |= np.where(apart, RULE_BIT["target_group"], 0)
        for stage in self._stages:
            for code, judge in stage:
                failed |= np.where(judge(pairs), RULE_BIT[code], 0)
            if most is not None:
                few = np.bitwise_count(failed) <= most
                pairs.keep(few)
                failed = failed[few]
        return failed

    def _only_under(self, code: str, pairs: Pairs) -> Array:
        """Say of which pairs every section in common is one that the rule is about."""
        return np.asarray((pairs.common_sections & ~self._sections[code]) == 0)

    # --- the frame ---------------------------------------------------------------------------------------------------

    def _capacity(self, pairs: Pairs) -> Failing:
        free = pairs.v("places_free")
        pairs.note("capacity", free < 0)
        return free == 0

    def _dates(self, pairs: Pairs) -> Failing:
        return pairs.v("available_until") < first_start(pairs, self._today)

    def _half_days(self, pairs: Pairs) -> Failing:
        wanted = pairs.n("half_days_needed")
        asked = (wanted > 0) & self._only_under("half_days", pairs)
        if not asked.any():
            return False
        stated, would_do = pairs.v("half_days_stated"), half_days_that_would_do(pairs)
        enough = np.bitwise_count(would_do & pairs.v("half_days_counted")) >= wanted
        perhaps = np.bitwise_count(would_do & pairs.v("half_days_perhaps")) >= wanted
        pairs.note("half_days", asked & ~(stated & enough) & (perhaps | ~stated))
        return asked & stated & ~perhaps

    def _ruled_out(self, pairs: Pairs) -> Failing:
        fails = np.zeros(len(pairs), dtype=np.bool_)
        at = np.flatnonzero(pairs.n("rules_out"))
        needs, vacancies = pairs.need_rows[at].tolist(), pairs.vacancy_rows[at].tolist()
        out = {need: self._rows_ruled_out(pairs, need) for need in set(needs)}
        fails[at] = [vacancy in out[need] for need, vacancy in zip(needs, vacancies, strict=True)]
        return fails

    def _rows_ruled_out(self, pairs: Pairs, need: int) -> set[int]:
        """Give the rows of the places that a need rules out on the day."""
        rows: set[int] = set()
        for entry in pairs.needs.ruled_out[need]:
            row = pairs.vacancies.slots.of.get(entry.vacancy_id)
            if row is None or (entry.until is not None and entry.until < self._terms.today):
                continue
            if entry.opening is None or entry.opening == pairs.vacancies.opening[row]:
                rows.add(row)
        return rows

    # --- the person --------------------------------------------------------------------------------------------------

    def _age(self, pairs: Pairs) -> Failing:
        youngest, oldest, least, most = pairs.n("youngest"), pairs.n("oldest"), pairs.v("age_from"), pairs.v("age_to")
        fails = (oldest < least) | (youngest > most)
        pairs.note("age", ~fails & ((youngest < least) | (oldest > most) | ~pairs.v("age_stated")))
        return fails

    def _section_age(self, pairs: Pairs) -> Failing:
        common = pairs.common_sections
        fails = (common & pairs.n("sections_perhaps_for_age")) == 0
        pairs.note("section_age", ~fails & ((common & pairs.n("sections_for_age")) == 0))
        return fails

    def _pension_age(self, pairs: Pairs) -> Failing:
        limited, pension = self._only_under("pension_age", pairs), pairs.n("pension")
        pairs.note("pension_age", limited & (pension == PensionAge.UNKNOWN))
        return limited & (pension == PensionAge.REACHED)

    def _target_group(self, pairs: Pairs) -> Failing:
        """Only what is unknown: who shares no target group is no candidate."""
        pairs.note("target_group", pairs.v("target_groups") == 0)
        return False

    def _cannot_take(self, pairs: Pairs) -> Failing:
        never, asks = pairs.v("never_takes"), pairs.v("asks_first")
        if not np.any(never | asks):
            return False
        groups = pairs.n("target_groups")
        fails = (groups & never) != 0
        pairs.note("cannot_take", ~fails & ((groups & asks) != 0))
        return fails

    def _gender(self, pairs: Pairs) -> Failing:
        verdict = _GENDER_VERDICTS[pairs.n("gender"), pairs.v("gender_rule")]
        pairs.note("gender", verdict == _NOT_KNOWN)
        return verdict == _FAILS

    # --- the place ---------------------------------------------------------------------------------------------------

    def _reserved(self, pairs: Pairs) -> Failing:
        reserved, residents = pairs.v("reserved"), pairs.v("for_residents")
        if not np.any(reserved):
            return residents
        met = np.zeros(len(pairs), dtype=np.bool_)
        for payer in pairs.n("payers").T:
            word = np.where(payer < WORD, pairs.v("reserve")[..., 0], pairs.v("reserve")[..., 1])
            met |= (word >> (payer % WORD).astype(np.uint64)) & np.uint64(1) != 0
        return residents | (reserved & ~met)

    def _registered(self, pairs: Pairs) -> Failing:
        return self._said("registered", pairs)

    def _approved(self, pairs: Pairs) -> Failing:
        return self._said("approved", pairs)

    def _said(self, code: str, pairs: Pairs) -> Failing:
        said, asked = pairs.v(code), self._only_under(code, pairs)
        pairs.note(code, asked & (said == 0))
        return asked & (said == _SAID_NO)

    def _access(self, pairs: Pairs) -> Failing:
        return self._has("access", pairs.n("access"), pairs.v("access_yes"), pairs.v("access_no"), pairs)

    def _company(self, pairs: Pairs) -> Failing:
        return self._has("company", pairs.n("company"), pairs.v("company_yes"), pairs.v("company_no"), pairs)

    @staticmethod
    def _has(code: str, wanted: Array, yes: Any, no: Any, pairs: Pairs) -> Failing:  # noqa: ANN401 - as Pairs.v
        fails = (wanted & no) != 0
        pairs.note(code, ~fails & ((wanted & ~yes) != 0))
        return fails

    def _equipment(self, pairs: Pairs) -> Failing:
        wanted, has = pairs.n("equipment"), pairs.v("equipment")
        pairs.note("equipment", (wanted != 0) & (has == 0))
        return ((wanted & ~has) != 0) & (has != 0)

    # --- distance and money ------------------------------------------------------------------------------------------

    def _distance(self, pairs: Pairs) -> Failing:
        limit_m = pairs.n("limit_m")
        limited = limit_m >= 0
        if not limited.any():
            return False
        measured = are_located(pairs)
        pairs.note("distance", limited & ~measured)
        return limited & measured & (way_m(pairs) > limit_m)

    def _price(self, pairs: Pairs) -> Failing:
        limited, most = pairs.n("ceiling_dkk") >= 0, ceiling(pairs)
        if not limited.any():
            return False
        lowest, highest, open_below, open_above = self._prices(pairs, limited)
        fails = limited & ~open_below & (lowest > most)
        pairs.note("price", limited & ~fails & ~(~open_above & (highest <= most)))
        return fails

    def lowest_price(self, pairs: Pairs) -> Array:
        """Give what the places cost at least, in PRICE_UNITs of a krone a month, for those of whom it is known."""
        return self._prices(pairs, np.ones(len(pairs), dtype=np.bool_))[0]

    def _prices(self, pairs: Pairs, limited: Array) -> tuple[Array, Array, Array, Array]:
        """Give the vacancies' prices, and those for the payer where the two differ."""
        names = ("price_lowest", "price_highest", "price_open_below", "price_open_above")
        lowest, highest, below, above = (np.broadcast_to(pairs.v(name), len(pairs)) for name in names)
        payer = pairs.n("payer")
        own = np.flatnonzero(limited & pairs.v("price_varies") & (payer > 0))
        if not len(own):
            return lowest, highest, below, above
        lowest, highest, below, above = lowest.copy(), highest.copy(), below.copy(), above.copy()
        asked, which = np.unique(pairs.vacancy_rows[own] * CLASSES + payer[own], return_inverse=True)
        found = pairs.vacancies.prices_for(asked.tolist(), self._terms)[which]
        lowest[own], highest[own], below[own], above[own] = found[:, 0], found[:, 1], found[:, 2] != 0, found[:, 3] != 0
        return lowest, highest, below, above


def half_days_that_would_do(pairs: Pairs) -> Array:
    """Give those that a need names; all where it names none."""
    named = pairs.n("half_days_named")
    return np.where(named, named, np.uint16(ALL_HALF_DAYS))


def ceiling(pairs: Pairs) -> Array:
    """Give what may be paid, in PRICE_UNITs of a krone a month; of needs that limit it."""
    return np.asarray(pairs.n("ceiling_dkk").astype(np.int64) * PRICE_UNIT)


def first_start(pairs: Pairs, today: int) -> Array:
    """Give the first day on which the citizen can begin there, as `facts.first_possible_start`."""

    def work_out() -> Array:
        return np.asarray(np.maximum(np.maximum(pairs.n("start_from"), pairs.v("available_from")), np.int32(today)))

    return pairs.once("first_start", work_out)


def are_located(pairs: Pairs) -> Array:
    """Say of which pairs both sides have points."""
    return pairs.once("located", lambda: np.asarray(pairs.n("located") & pairs.v("located")))


def way_m(pairs: Pairs) -> Array:
    """Give the shortest way of pairs that are located, as `facts.shortest_way`: the straight line and what the water adds."""

    def work_out() -> Array:
        place_east, place_north = pairs.v("easting_m"), pairs.v("northing_m")
        to_place = pairs.v("zone")
        shortest: Array | None = None
        for point in range(pairs.needs.easting_m.shape[1]):
            east = pairs.needs.easting_m[pairs.need_rows, point].astype(np.int64) - place_east
            north = pairs.needs.northing_m[pairs.need_rows, point].astype(np.int64) - place_north
            water = pairs.extra_m[pairs.needs.zone[pairs.need_rows, point], to_place]
            way = integer_sqrt(east * east + north * north) + water
            shortest = way if shortest is None else np.minimum(shortest, way)
        return np.asarray(shortest)

    return pairs.once("way_m", work_out)
