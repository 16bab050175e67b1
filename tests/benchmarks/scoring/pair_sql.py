"""A policy on a day as SQL: the hard rules as conditions and the parts of the fit as whole numbers, of one need and one place.

Written from the terms, rule by rule as `domain/rules` and `domain/fit` have them, for either direction: one side is a table, the other
a row of constants, and what the constants decide by themselves is left out. A rule that cannot be judged holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from services.matching.domain.facts import PensionAge
from services.matching.domain.half_days import ALL_HALF_DAYS
from services.matching.domain.terms import PARTS
from services.matching.domain.words.saying import METRES_A_KM
from tests.benchmarks.scoring.dialects import signed
from tests.benchmarks.scoring.layouts import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.terms import Terms
    from shared.contracts.settings import PartCode, RuleCode
    from tests.benchmarks.scoring.dialects import Dialect
    from tests.benchmarks.scoring.layouts import Side

_HOLDS: Final = "TRUE"
_SAID_NO: Final = 2
_WOMAN, _MAN = 1, 2
_WOMEN, _MEN = 1, 2


_ROUNDED_OFF_M2: Final = 2 * 1_000_000 + 1
"""What rounding a way down to whole metres takes off its square at most, up to a limit of 1,000 km."""


class Rare(Protocol):
    """What needs more than a value of each side."""

    def lowest_price(self) -> str:
        """Give the SQL of the least that the place can cost this payer; negative where that is not known."""

    def is_not_ruled_out(self) -> str:
        """Give the SQL of whether the place is not ruled out for the need."""


class PairSQL:
    """Conditions and points of a pair."""

    def __init__(self, terms: Terms, books: Codebooks, dialect: Dialect, *, need: Side, vacancy: Side, rare: Rare) -> None:
        self._terms = terms
        self._books = books
        self._dialect = dialect
        self._n = need
        self._v = vacancy
        self._rare = rare
        self._today = terms.today.toordinal()

    def conditions(self) -> list[str]:
        """Give the rules that are in force, the cheap ones that exclude most first; what is no candidate is not asked here."""
        written: Mapping[RuleCode, Callable[[], str]] = {
            "capacity": lambda: f"{self._v['places_free']} <> 0",
            "age": self._age,
            "section_age": lambda: f"({self._common} & {self._n['sections_perhaps_for_age']}) <> 0",
            "reserved": self._reserved,
            "gender": self._gender,
            "cannot_take": lambda: f"NOT {self._meet('target_groups', 'never_takes')}",
            "access": lambda: f"NOT {self._meet('access', 'access_no')}",
            "company": lambda: f"NOT {self._meet('company', 'company_no')}",
            "equipment": lambda: f"({self._v['equipment']} = 0 OR ({self._n['equipment']} & ~{self._v['equipment']}) = 0)",
            "pension_age": self._pension_age,
            "registered": lambda: self._said("registered", self._terms.registered_sections),
            "approved": lambda: self._said("approved", self._terms.approved_sections),
            "dates": lambda: f"{self._v['available_until']} >= {self._first_start}",
            "distance": self._distance,
            "half_days": self._half_days,
            "price": lambda: f"({self._n['ceiling']} < 0 OR {self._rare.lowest_price()} <= {self._n['ceiling']})",
            "ruled_out": self._rare.is_not_ruled_out,
        }
        return [write() for code, write in written.items() if self._terms.applies(code)]

    def points(self) -> dict[PartCode, str]:
        """Give the points of each part."""
        written: Mapping[PartCode, Callable[[int, int], str]] = {
            "services": self._services,
            "target_group": self._target_group,
            "levels": self._levels,
            "activities": self._activities,
            "travel": self._travel,
            "start": self._start,
            "languages": self._languages,
            "opening_hours": self._opening_hours,
        }
        parts = self._terms.parts
        return {code: written[code](parts[code].max_points, parts[code].points_when_unknown) for code in PARTS if code in parts}

    # --- pieces ------------------------------------------------------------------------------------------------------

    @property
    def _common(self) -> str:
        return f"({self._n['sections']} & {self._v['sections']})"

    def _meet(self, of_need: str, of_vacancy: str) -> str:
        """Say whether two masks have a bit in common."""
        if self._n.known(of_need) == 0 or self._v.known(of_vacancy) == 0:
            return "FALSE"
        return f"(({self._n[of_need]} & {self._v[of_vacancy]}) <> 0)"

    def _count_common(self, of_need: str, of_vacancy: str) -> str:
        if self._n.known(of_need) == 0 or self._v.known(of_vacancy) == 0:
            return "0"
        return self._dialect.count(f"{self._n[of_need]} & {self._v[of_vacancy]}")

    def _mask(self, sections: Iterable[str]) -> int:
        return self._books.sections.mask(sorted(sections))

    def _only_under(self, sections: Iterable[str]) -> str:
        """Say whether every section in common is one of these; of a single section of the constant side, now."""
        mask = self._mask(sections)
        for side in (self._n, self._v):
            own = side.known("sections")
            if own is not None and own & ~mask == 0:
                return _HOLDS
            if own is not None and own & mask == 0:
                return "FALSE"
        return f"(({self._common} & ({signed(~mask % 2**64)})::bigint) = 0)"

    @property
    def _first_start(self) -> str:
        return f"greatest({self._n['start_from']}, {self._v['available_from']}, {self._today})"

    def _divided(self, one: str, by: str) -> str:
        return f"({one}) {self._dialect.divide} {by}"

    # --- rules -------------------------------------------------------------------------------------------------------

    def _age(self) -> str:
        return f"({self._n['oldest']} >= {self._v['age_from']} AND {self._n['youngest']} <= {self._v['age_to']})"

    def _reserved(self) -> str:
        if self._v.known("for_residents") == 0 and self._v.known("reserved") == 0:
            return _HOLDS
        met = self._dialect.count_common(self._n.wide("payers"), self._v.wide("reserve"))
        return f"({self._v['for_residents']} = 0 AND ({self._v['reserved']} = 0 OR {met} > 0))"

    def _gender(self) -> str:
        wrong = " OR ".join(
            f"({self._n['gender']} = {gender} AND {self._v['gender_rule']} = {rule})"
            for gender, rule in ((_WOMAN, _MEN), (_MAN, _WOMEN))
        )
        return f"NOT ({wrong})"

    def _pension_age(self) -> str:
        under = self._only_under(self._terms.pension_age_sections)
        return f"NOT ({under} AND {self._n['pension']} = {PensionAge.REACHED.value})"

    def _said(self, code: str, sections: Iterable[str]) -> str:
        return f"NOT ({self._v[code]} = {_SAID_NO} AND {self._only_under(sections)})"

    def _half_days(self) -> str:
        asked = f"({self._n['half_days_needed']} > 0 AND {self._v['half_days_stated']} = 1 AND {self._only_under(self._terms.day_sections)})"
        would_do = f"coalesce(nullif({self._n['half_days_named']}, 0), {ALL_HALF_DAYS})"
        room = self._dialect.count(f"{would_do} & {self._v['half_days_perhaps']}")
        return f"(NOT {asked} OR {room} >= {self._n['half_days_needed']})"

    def _points(self) -> list[int]:
        """Give the points of the need that differ; a need has three in its columns, however many it has."""
        first: dict[tuple[int | None, int | None], int] = {}
        for point in range(POINTS):
            at = self._n.known(f"easting_{point}"), self._n.known(f"northing_{point}")
            first.setdefault(at if None not in at else (None, point), point)
        return list(first.values())

    def _square_m2(self, point: int) -> str:
        """Give the square of the straight line from one of the need's points."""
        x, y = (f"({self._n[f'{axis}_{point}']} - {self._v[axis]})::bigint" for axis in ("easting", "northing"))
        return f"({x} * {x} + {y} * {y})"

    def _water_m(self, point: int) -> str:
        """Give what the water adds to it."""
        extra_m, here, there = self._terms.waters.extra_m, self._n.known(f"zone_{point}"), self._v.known("zone")
        if there is not None:
            added, zone = extra_m[:, there], self._n[f"zone_{point}"]
        elif here is not None:
            added, zone = extra_m[here], self._v["zone"]
        else:
            raise ValueError("neither side is a constant")
        return self._dialect.array(added.tolist(), zone) if added.any() else "0"

    def _way_m(self) -> str:
        # A square below 2**52 has an exact floating-point form, and the floor of its root is the whole root.
        ways = (f"floor(sqrt({self._square_m2(point)}::float8))::bigint + {self._water_m(point)}" for point in self._points())
        return _least(ways)

    @property
    def _is_located(self) -> str:
        return f"({self._n['located']} = 1 AND {self._v['located']} = 1)"

    def _distance(self) -> str:
        """Ask the straight line first, as long as it may be before it is rounded down: it has no root, and no way is shorter."""
        limit, way = self._n["limit_m2"], self._way_m()
        straight = f"{_least(map(self._square_m2, self._points()))} <= {limit} + {_ROUNDED_OFF_M2}"
        return f"({limit} < 0 OR NOT {self._is_located} OR ({straight} AND {way} * {way} <= {limit}))"

    # --- parts -------------------------------------------------------------------------------------------------------

    def _services(self, most: int, unknown: int) -> str:
        wanted, given = self._n["services_wanted"], self._v["services"]
        both = self._count_common("services", "services")
        share = self._divided(f"{most} * {both}", f"greatest({wanted}, 1)")
        return f"CASE WHEN {wanted} = 0 OR {given} = 0 THEN {unknown} ELSE {share} END"

    def _target_group(self, most: int, unknown: int) -> str:
        share = most * self._terms.policy.further_target_group_percent // 100
        primary, any_ = self._meet("primary_group", "target_groups"), self._meet("target_groups", "target_groups")
        return f"CASE WHEN {self._v['target_groups']} = 0 THEN {unknown} WHEN {primary} THEN {most} WHEN {any_} THEN {share} ELSE 0 END"

    def _levels(self, most: int, unknown: int) -> str:
        needed = self._n.wide("levels")
        total = self._dialect.count_common(needed, self._v.wide("levels_stated"))
        met = self._dialect.count_common(needed, self._v.wide("levels"))
        share = f"coalesce({self._divided(f'{most} * {met}', f'nullif({total}, 0)')}, {most})"
        return f"CASE WHEN {self._meet('levels_spoken', 'levels_spoken')} THEN {share} ELSE {unknown} END"

    def _activities(self, most: int, unknown: int) -> str:
        wished, met = self._n["wishes_wanted"], self._count_common("wishes", "wishes")
        share = self._divided(f"{most} * {met}", f"greatest({wished}, 1)")
        return f"CASE WHEN {wished} = 0 THEN {most} WHEN {self._v['wishes']} = 0 THEN {unknown} ELSE {share} END"

    def _travel(self, most: int, unknown: int) -> str:
        policy = self._terms.policy
        full, none = policy.travel_full_points_km * METRES_A_KM, policy.travel_no_points_km * METRES_A_KM
        if full >= none:
            raise ValueError("the policy gives all travel points where it gives none")
        share = self._divided(f"{most} * ({none} - least(greatest({self._way_m()}, {full}), {none}))", str(none - full))
        return f"CASE WHEN {self._is_located} THEN {share} ELSE {unknown} END"

    def _start(self, most: int, _: int) -> str:
        days = self._terms.policy.start_no_points_days
        late = f"greatest(least({self._first_start} - greatest({self._n['start_wanted']}, {self._today}), {days}), 0)"
        return self._divided(f"{most} * ({days} - {late})", str(days))

    def _languages(self, most: int, unknown: int) -> str:
        can, spoken = self._n["languages"], self._v["languages"]
        assumed = self._books.languages.mask(sorted(self._terms.assumed_languages))
        met = f"({can} = 0 OR ({can} & ({spoken} | {assumed}::bigint)) <> 0)"
        return f"CASE WHEN {met} THEN {most} WHEN {spoken} = 0 THEN {unknown} ELSE 0 END"

    def _opening_hours(self, most: int, unknown: int) -> str:
        named = self._n["half_days_named"]
        covered = self._dialect.count(f"{named} & {self._v['open_on']}")
        share = self._divided(f"{most} * {covered}", f"nullif({self._dialect.count(named)}, 0)")
        return f"CASE WHEN {named} = 0 THEN {most} WHEN {self._v['hours_stated']} = 0 THEN {unknown} ELSE {share} END"


def _least(of: Iterable[str]) -> str:
    values = list(of)
    return f"least({', '.join(values)})" if len(values) > 1 else f"({values[0]})"
