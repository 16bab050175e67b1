"""What is loaded into the databases: both sides' rows by section and target group, who has ruled out what, and prices by payer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.prices import CLASSES
from tests.benchmarks.scoring.layouts import NEEDS, VACANCIES, bits_of, need_fields, packed, vacancy_fields
from tests.benchmarks.scoring.statements import NO_GROUP, lowest_by_payer

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from tests.benchmarks.scoring.layouts import Fields, Layout
    from tests.benchmarks.scoring.statements import Market

_NEVER_ENDS: Final = 2**31 - 1
KEYS: Final = ("section", "target_group", "id")


@dataclass(frozen=True)
class SqlTable:
    """Columns of whole numbers; those with two words a row are wide masks."""

    name: str
    columns: dict[str, Array]
    keys: tuple[str, ...]
    """What an index begins with; the other columns are covered by it."""


def tables_of(market: Market) -> list[SqlTable]:
    """Give all tables, their rows in the order of their index."""
    odd = market.needs.odd[market.need_rows].any() and market.vacancies.odd[market.vacancy_rows].any()
    if odd:
        raise ValueError("codes without a bit of their own are the reference scorer's, and not in SQL")
    needs, vacancies = need_fields(market.needs, market.need_rows), vacancy_fields(market.vacancies, market.vacancy_rows)
    return [
        _by_section_and_group("need", NEEDS, needs, market.need_rows),
        _by_section_and_group("vacancy", VACANCIES, vacancies, market.vacancy_rows),
        _ruled_out(market),
        _prices(market),
    ]


def _by_section_and_group(name: str, layout: Layout, fields: Fields, ids: Array) -> SqlTable:
    where, sections = _places_of_bits(fields["sections"])
    alone = np.flatnonzero(fields["target_groups"] == 0)
    of, groups = _places_of_bits(fields["target_groups"])
    of, groups = np.concatenate((of, alone)), np.concatenate((groups, np.full(len(alone), NO_GROUP)))
    order = np.argsort(of, kind="stable")
    of, groups = of[order], groups[order]
    first, counts = np.searchsorted(of, where), np.bincount(of, minlength=len(ids))[where]
    rows, section = np.repeat(where, counts), np.repeat(sections, counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    group = groups[np.repeat(first, counts) + within]
    order = np.lexsort((ids[rows], group, section))
    rows, section, group = rows[order], section[order], group[order]
    columns: dict[str, Array] = {
        "section": section.astype(np.int16),
        "target_group": group.astype(np.int16),
        "id": ids[rows].astype(np.int32),
    }
    columns |= {name: packed(fields, numbers)[rows] for name, numbers in layout.packed.items()}
    columns |= {plain: _as(kind, fields[plain])[rows] for plain, kind in layout.plain.items()}
    columns |= {wide: fields[wide][rows] for wide in layout.wide}
    return SqlTable(name, columns, KEYS)


def _as(kind: str, values: Array) -> Array:
    """Give the values in a column's type.

    Raises:
        ValueError: one does not fit.
    """
    if kind == "i8":
        return values.astype(np.uint64).view(np.int64) if values.dtype == np.uint64 else values.astype(np.int64)
    narrow = values.astype(kind)
    if (narrow.astype(np.int64) != values.astype(np.int64)).any():
        raise ValueError(f"a value does not fit {kind}")
    return narrow


def _places_of_bits(masks: Array) -> tuple[Array, Array]:
    """Give (row, place of a bit) for every bit that is set."""
    used = bits_of(int(np.bitwise_or.reduce(masks)))
    found = [np.flatnonzero(masks & np.uint64(1 << bit)) for bit in used]
    return np.concatenate(found), np.repeat(np.array(used), [len(rows) for rows in found])


def _ruled_out(market: Market) -> SqlTable:
    entries = [
        (need, vacancy, -1 if one.opening is None else one.opening, _NEVER_ENDS if one.until is None else one.until.toordinal())
        for need, all_ in market.needs.ruled_out.items()
        for one in all_
        if (vacancy := market.vacancies.slots.of.get(one.vacancy_id)) is not None
    ]
    found = np.array(entries, dtype=np.int32).reshape(-1, 4)
    names = ("need", "vacancy", "opening", "until")
    return SqlTable("ruled_out", {name: found[:, place] for place, name in enumerate(names)}, ("vacancy", "need"))


def _prices(market: Market) -> SqlTable:
    vary = market.vacancy_rows[market.vacancies.price_varies[market.vacancy_rows]]
    lowest = [lowest_by_payer(market, row) for row in vary.tolist()]
    columns: dict[str, Array] = {
        "vacancy": np.repeat(vary, CLASSES - 1).astype(np.int32),
        "payer": np.tile(np.arange(1, CLASSES, dtype=np.int16), len(vary)),
        "lowest": np.array(lowest, dtype=np.int64).reshape(-1),
    }
    return SqlTable("price", columns, ("payer", "vacancy"))
