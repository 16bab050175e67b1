"""Compiling everything before it is asked: a first answer should not wait ten seconds for it."""

from __future__ import annotations

import numpy as np

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.lists import FULL
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.vacancy_columns import VacancyColumns
from services.matching.engine import lanes, pair_kernels, search_kernels
from services.matching.engine.index import Index
from services.matching.engine.lists import Lists
from services.matching.engine.pair_kernels import Room, tables_of
from services.matching.engine.ranking_kernels import sort_keys
from services.matching.engine.terms_row import TERMS


def warm_up() -> None:
    """Call every kernel once, on tables of empty rows. Kernels that an earlier process compiled are only loaded."""
    books, rows = Codebooks(), np.zeros(1, dtype=np.int64)
    tables = tables_of(NeedColumns(books), VacancyColumns(books), np.zeros(1, dtype=TERMS), np.zeros((1, 1), dtype=np.int32))
    room = Room.for_rows(len(tables.needs))
    described = np.zeros(1, dtype=lanes.LANE)
    lanes.describe_needs(tables.needs, rows, described)
    lanes.describe_places(tables.vacancies, rows, described)
    index, sections = Index(), np.zeros(1, dtype=np.uint32)
    index.put(rows, sections, described)
    index.drop(rows)
    pair_kernels.of_place(index.store, tables, 0, np.full(1, FULL, dtype=np.int64), room)
    pair_kernels.of_need(index.store, tables, 0, room)
    pair_kernels.best_places(index.store, tables, 0, 1, room)
    keys = np.zeros(1, dtype=np.uint32)
    pair_kernels.rank_needs(index.store, tables, 0, keys, room)
    sort_keys(keys, keys.copy(), 1)
    pair_kernels.weigh_needs(tables, 0, room.rows[:0], room)
    lists, pairs = Lists(), room.found[:1].copy()
    lists.grow(1)
    lists.rank(0, 0)
    lists.fill(rows, pairs)
    lists.put_in(pairs, 1)
    search_kernels.of_needs(index.store, tables, rows, room)
    search_kernels.of_lists(tables, lists.places, rows, 1, room)
    lists.must_search(lists.take_off(0, 1), 1)
    lists.clear(rows)
