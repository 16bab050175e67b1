"""The one statement that answers a search: who is found, with how many points, the page, and the counts, all of the same instant.

It is put together from few parts, so that PostgreSQL meets few different texts and keeps their plans; what a caller sent is in the arguments, never
in the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from services.intake.search.codes import MASK_OF, MASKS, PLACES
from services.intake.search.ranking import Ranking, buckets

if TYPE_CHECKING:
    from services.intake.search.asking import Asked
    from services.intake.search.understanding import Group

HIT: Final = 0
TOTAL: Final = 1
COUNT_OF: Final = {2: "place", 3: "offer_mask", 4: "for_mask", 5: "doing_mask"}
"""What a row of the answer is, by its column `what`: a hit, the number of all, or how many have one value of a column."""

_SECONDS_A_DAY: Final = 86_400


@dataclass(slots=True)
class _Arguments:
    values: list[object] = field(default_factory=list)

    def add(self, value: object, cast: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{cast}"


def statement(asked: Asked, ranking: Ranking) -> tuple[str, list[object]]:
    """Write the statement of a search and its arguments."""
    arguments = _Arguments()
    found = _found(asked, ranking, arguments)
    text = f"""
WITH matched AS MATERIALIZED ({found.matched}
), page AS (
    SELECT * FROM matched{_after(asked, arguments)} ORDER BY points DESC, key DESC LIMIT {arguments.add(asked.limit, "integer")}
)
SELECT {HIT} AS what, points::bigint AS value, 0::bigint AS count, {found.shown}, (SELECT generation FROM search_state) AS generation
FROM page JOIN search_entry AS e USING (entry_id){found.words} JOIN search_hit USING (entry_id)
UNION ALL
{_counts(asked)}
"""  # noqa: S608 - what a caller sent is in the arguments
    return text, arguments.values


def standing_statement(asked: Asked, ranking: Ranking, offer_id: str) -> tuple[str, list[object]]:
    """Write the statement that finds the hits of one offer among all, with how many stand above each."""
    arguments = _Arguments()
    found = _found(asked, ranking, arguments)
    text = f"""
WITH matched AS MATERIALIZED ({found.matched}
), page AS (
    SELECT matched.* FROM matched JOIN search_entry AS own USING (entry_id)
    WHERE own.offer_id = {arguments.add(offer_id, "text")} ORDER BY points DESC, matched.key DESC LIMIT {arguments.add(asked.limit, "integer")}
)
SELECT {HIT} AS what, points::bigint AS value, (SELECT count(*) FROM matched) AS count, {found.shown},
       (SELECT count(*) FROM matched AS other WHERE (other.points, other.key) > (page.points, page.key)) AS above
FROM page JOIN search_entry AS e USING (entry_id){found.words} JOIN search_hit USING (entry_id)
"""  # noqa: S608 - what a caller sent is in the arguments
    return text, arguments.values


def failing_statement(asked: Asked, offer_id: str) -> tuple[str, list[object], list[str]]:
    """Write the statement that says of each hit of one offer which conditions it meets; gives the conditions' names, too."""
    arguments = _Arguments()
    squared = "NULL::bigint" if asked.within_m is None else _squared(asked, arguments)  # an argument that is not used has no type
    named = _conditions(replace(asked, groups=()), squared, arguments)[1:]
    named += [
        (f"words:{number}", f"w.words @@ {arguments.add(words_query((group,), together=True), 'tsquery')}")
        for number, group in enumerate(asked.groups)
    ]
    columns = ", ".join(f"COALESCE({condition}, false) AS met_{number}" for number, (_, condition) in enumerate(named))
    text = (
        f"SELECT e.key{', ' if columns else ''}{columns} FROM search_entry AS e JOIN search_words AS w USING (entry_id) "  # noqa: S608 - as above
        f"WHERE e.gone IS NULL AND e.offer_id = {arguments.add(offer_id, 'text')} ORDER BY e.key DESC LIMIT 10"
    )
    return text, arguments.values, [name for name, _ in named]


@dataclass(frozen=True, slots=True)
class _Found:
    """Parts of a statement: who is found, with what is needed to choose and to count; what is shown of a page; and the join for words."""

    matched: str
    shown: str
    words: str


def _found(asked: Asked, ranking: Ranking, arguments: _Arguments) -> _Found:
    """Write who is found. The points are added up for all of them, and the parts kept for none but those of a page: what is held is narrow."""
    levels = [_level(group, asked, ranking, arguments) for group in asked.groups]
    squared = _squared(asked, arguments)
    parts = {
        "words_points": f"{ranking.words.points} * ({' + '.join(levels)}) / {4 * len(levels)}" if levels else "0",
        "fresh_points": _freshness(asked, ranking, arguments),
        "near_points": _nearness(asked, ranking, squared, arguments),
        "free_points": _freeness(asked, ranking, arguments),
    }
    joined = " JOIN search_words AS w USING (entry_id)" if levels else ""
    matched = f"""
    SELECT entry_id, e.key, e.place, {", ".join(f"e.{mask}" for mask in MASKS)},
           {" + ".join(f"({part})" for part in parts.values())} AS points
    FROM search_entry AS e{joined}
    WHERE {" AND ".join(condition for _, condition in _conditions(asked, squared, arguments))}"""  # noqa: S608 - what a caller sent is in the arguments
    columns = ", ".join(f"{part} AS {name}" for name, part in parts.items())
    quarters = f"ARRAY[{', '.join(levels)}]" if levels else "NULL::integer[]"
    shown = (
        f"page.key, {columns}, {squared} AS squared_m, e.confirmed_s, e.free_day, e.until_day, e.gone IS NOT NULL AS replaced, "
        f"{quarters} AS levels, hit"
    )
    return _Found(matched, shown, joined)


def words_query(groups: tuple[Group, ...], *, together: bool) -> str:
    """Write what a hit must have as a tsquery."""
    return (" & " if together else " | ").join(f"({_query(group, '')})" for group in groups)


def _query(group: Group, weights: str) -> str:
    """Write a group as a tsquery: found with one of the weights, or anywhere when there are none."""
    suffix = f":{weights}" if weights else ""
    ways = [" & ".join(f"'{stem}'{suffix}" for stem in group.stems)] if group.stems else []
    if group.parts:
        # Parts count in titles, names and kinds alone: a text that speaks of a day and of a centre is no day centre.
        ways.append(" & ".join(f"'{stem}':{'A' if weights == 'A' else 'AB'}" for _, stem in group.parts))
    if weights != "A":
        ways += group.strong
    if not weights:
        ways += group.weak
    return " | ".join(f"({way})" for way in ways)


def _level(group: Group, asked: Asked, ranking: Ranking, arguments: _Arguments) -> str:
    quarters = ranking.words.quarters
    tests = [("A", quarters.title), ("AB", quarters.kind), ("ABC", quarters.text)]
    cases = [f"WHEN w.words @@ {arguments.add(_query(group, weights), 'tsquery')} THEN {worth}" for weights, worth in tests]
    if asked.together:
        otherwise = str(quarters.meaning)
    else:
        anywhere = arguments.add(_query(group, ""), "tsquery")
        cases.append(f"WHEN w.words @@ {anywhere} THEN {quarters.meaning}")
        otherwise = "0"
    return f"CASE {' '.join(cases)} ELSE {otherwise} END"


def _freshness(asked: Asked, ranking: Ranking, arguments: _Arguments) -> str:
    age = f"({arguments.add(asked.now_s, 'bigint')} - e.confirmed_s) / {_SECONDS_A_DAY}"
    limits, points = buckets(ranking.freshness)
    return f"COALESCE({_stepped(age, limits, points)}, 0)"


def _squared(asked: Asked, arguments: _Arguments) -> str:
    if asked.near is None:
        return "NULL::bigint"
    east, north = arguments.add(asked.near.easting_m, "bigint"), arguments.add(asked.near.northing_m, "bigint")
    return f"((e.easting_m - {east}) * (e.easting_m - {east}) + (e.northing_m - {north}) * (e.northing_m - {north}))"


def _nearness(asked: Asked, ranking: Ranking, squared: str, arguments: _Arguments) -> str:
    if asked.near is None:
        return "0"
    _, points = buckets(ranking.distance_km)
    same = (
        f"CASE WHEN e.place / {PLACES} = {arguments.add(asked.near.landsdel, 'integer')} THEN {ranking.same_landsdel} ELSE 0 END"
    )
    return f"COALESCE({_stepped(squared, [limit + 1 for limit in ranking.squared_metres], points)}, {same})"


def _freeness(asked: Asked, ranking: Ranking, arguments: _Arguments) -> str:
    today = arguments.add(asked.today, "integer")
    limits, points = buckets(ranking.free_within_days)
    later = _stepped(f"(e.free_day - {today})::bigint", limits, points)
    return f"CASE WHEN e.free_day IS NULL OR e.until_day < {today} THEN 0 WHEN e.free_day <= {today} THEN {ranking.free_now} ELSE {later} END"


def _stepped(value: str, limits: list[int], points: list[int]) -> str:
    thresholds = ", ".join(map(str, limits))
    return f"(ARRAY{points})[width_bucket({value}, ARRAY[{thresholds}]::bigint[]) + 1]"


def _conditions(asked: Asked, squared: str, arguments: _Arguments) -> list[tuple[str, str]]:
    """Write what a hit must meet, each under a name; the first is the generation."""
    if asked.generation is None:
        conditions = [("generation", "e.gone IS NULL")]
    else:
        generation = arguments.add(asked.generation, "bigint")
        conditions = [("generation", f"e.born <= {generation} AND (e.gone IS NULL OR e.gone > {generation})")]
    if asked.groups:
        query = arguments.add(words_query(asked.groups, together=asked.together), "tsquery")
        conditions.append(("words", f"w.words @@ {query}"))
    conditions += [(name, f"e.{MASK_OF[name]} & {arguments.add(bits, 'bigint')} <> 0") for name, bits in asked.masks]
    if asked.places:
        conditions.append(("kommune", f"e.place = ANY({arguments.add(list(asked.places), 'integer[]')})"))
    if asked.landsdele:
        conditions.append(("landsdel", f"e.place / {PLACES} = ANY({arguments.add(list(asked.landsdele), 'integer[]')})"))
    if asked.ages is not None:
        low, high = (arguments.add(age, "smallint") for age in asked.ages)
        conditions.append(("age", f"e.age_from <= {high} AND e.age_to >= {low}"))
    if asked.free_day is not None:
        day = arguments.add(asked.free_day, "integer")
        conditions.append(("free_from", f"e.free_day <= {day} AND (e.until_day IS NULL OR e.until_day >= {day})"))
    if asked.with_vacancy:
        today = arguments.add(asked.today, "integer")
        conditions.append(("with_vacancy", f"e.free_day IS NOT NULL AND (e.until_day IS NULL OR e.until_day >= {today})"))
    if asked.language is not None:
        conditions.append(("language", f"e.languages @> ARRAY[{arguments.add(asked.language, 'text')}]"))
    if asked.near is not None and asked.within_m is not None:
        same = f"e.easting_m IS NULL AND e.place / {PLACES} = {arguments.add(asked.near.landsdel, 'integer')}"
        conditions.append(("distance_km", f"({squared} <= {arguments.add(asked.within_m**2, 'bigint')} OR {same})"))
    return conditions


def _after(asked: Asked, arguments: _Arguments) -> str:
    if asked.after is None:
        return ""
    return f" WHERE (points, key) < ({arguments.add(asked.after.points, 'integer')}, {arguments.add(asked.after.key, 'text')})"


_COLUMNS_OF_A_HIT: Final = 13
"""Behind `what`, `value` and `count`."""


def _counts(asked: Asked) -> str:
    nothing = ", ".join(["NULL"] * _COLUMNS_OF_A_HIT)
    if not asked.facets:
        return f"SELECT {TOTAL}, 0, count(*), {nothing} FROM matched"  # noqa: S608 - constants
    cases = " ".join(f"WHEN GROUPING({column}) = 0 THEN {what}" for what, column in COUNT_OF.items())
    columns = ", ".join(COUNT_OF.values())
    sets = ", ".join(f"({column})" for column in COUNT_OF.values())
    return (
        f"SELECT CASE {cases} ELSE {TOTAL} END, COALESCE({columns}), count(*), {nothing} "  # noqa: S608 - constants
        f"FROM matched GROUP BY GROUPING SETS ({sets}, ())"
    )
