"""The whole state of a worker's matching: needs and open vacancies in columns, and the best places of each need, kept true.

Nothing here knows Kafka.
"""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from services.matching.domain.best import WIDTH, BestList, Entry
from services.matching.domain.columns import Codebooks, NeedColumns, VacancyColumns
from services.matching.domain.pairs import PairScorer, Scored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from services.matching.domain.columns import Array
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

Changed = dict[str, str]
"""Needs whose first K places changed, each with the id of the vacancy that caused it last."""


class MatchingState:
    """Columns and lists under one set of terms."""

    def __init__(self, terms: Terms) -> None:
        self._books = Codebooks()
        self._needs = NeedColumns(self._books)
        self._vacancies = VacancyColumns(self._books)
        self._lists: dict[int, BestList] = {}
        self._holders: dict[str, set[int]] = {}
        self._least_score = np.zeros(0, dtype=np.int64)
        self._live_rows: Array | None = None
        self._terms = terms
        self._scorer = PairScorer(self._needs, self._vacancies, self._books, terms)

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def terms(self) -> Terms:
        return self._terms

    @property
    def needs_open(self) -> int:
        return len(self._needs)

    @property
    def vacancies_open(self) -> int:
        return len(self._vacancies)

    def pairs(self, need_ids: Iterable[str] | None = None) -> int:
        """Count the (need, place) pairs that stand on lists, K at most for each need."""
        slots = self._lists if need_ids is None else [self._needs.slots.of[need_id] for need_id in need_ids]
        return sum(min(len(self._lists[slot].entries), self._k) for slot in slots)

    def places(self, need_id: str) -> list[Entry]:
        """Give the first K places of a live need, best first."""
        return self._lists[self._needs.slots.of[need_id]].entries[: self._k]

    def is_live(self, need_id: str) -> bool:
        slot = self._needs.slots.of.get(need_id)
        return slot is not None and bool(self._needs.live[slot])

    # --- what happens ------------------------------------------------------------------------------------------------

    def change_terms(self, terms: Terms) -> list[str]:
        """Go over to a newer policy or another day; give the needs that must be made live again, being scored anew."""
        waiting = [self._id(slot) for slot in self._live().tolist()]
        self._terms = terms
        self._needs.change_terms(terms)
        self._vacancies.change_terms(terms)
        self._scorer = PairScorer(self._needs, self._vacancies, self._books, terms)
        self._needs.live[:] = False
        self._live_rows = None
        return waiting

    def put_needs(self, needs: Collection[NeedProfile], *, live: bool) -> None:
        """Take open needs in, or their new versions; live ones are scored against all places at once."""
        rows: list[int] = []
        for need in needs:
            slot = self._needs.put(need, self._terms, live=live)
            rows.append(slot)
            if slot not in self._lists:
                self._lists[slot] = BestList()
        self._live_rows = None
        if len(self._least_score) < len(self._needs.live):
            grown = np.zeros(len(self._needs.live), dtype=np.int64)
            grown[: len(self._least_score)] = self._least_score
            self._least_score = grown
        if live:
            self._search(np.unique(np.array(rows, dtype=np.int64)))

    def make_live(self, need_ids: Collection[str]) -> None:
        """Let waiting needs take part from now on."""
        rows = np.array(sorted(self._needs.slots.of[need_id] for need_id in need_ids), dtype=np.int64)
        self._needs.live[rows] = True
        self._live_rows = None
        self._search(rows)

    def remove_needs(self, need_ids: Iterable[str]) -> None:
        """Forget needs that are closed, erased, or another worker's now."""
        for need_id in need_ids:
            slot = self._needs.remove(need_id)
            if slot is not None:
                for entry in self._lists.pop(slot).entries:
                    self._let_go(slot, entry[1])
        self._live_rows = None

    def change_vacancies(self, changes: Mapping[str, Vacancy | None]) -> Changed:
        """Take in the present state of vacancies, None for one that is not open, and keep every list true; scored together."""
        before: dict[int, list[Entry]] = {}
        causes: dict[int, str] = {}
        rows: list[int] = []
        for vacancy_id, vacancy in changes.items():
            for slot in self._holders.pop(vacancy_id, ()):
                self._remember(before, slot)
                self._lists[slot].withdraw(vacancy_id)
                causes[slot] = vacancy_id
            if vacancy is None:
                self._vacancies.remove(vacancy_id)
            else:
                row = self._vacancies.put(vacancy, self._terms)
                if self._vacancies.matchable[row]:
                    rows.append(row)
        for scored in self._scorer.scored(self._live(), np.array(sorted(rows), dtype=np.int64)):
            self._offer(scored, before, causes)
        hungry = [slot for slot in before if self._lists[slot].must_search(self._k)]
        if hungry:
            self._search(np.array(sorted(hungry), dtype=np.int64))
        return self._difference(before, causes)

    # --- inside ------------------------------------------------------------------------------------------------------

    @property
    def _k(self) -> int:
        return self._terms.policy.best_k

    def _live(self) -> Array:
        if self._live_rows is None:
            self._live_rows = np.flatnonzero(self._needs.live)
        return self._live_rows

    def _id(self, slot: int) -> str:
        need_id = self._needs.slots.ids[slot]
        if need_id is None:
            raise KeyError(slot)
        return need_id

    def _remember(self, before: dict[int, list[Entry]], slot: int) -> None:
        if slot not in before:
            before[slot] = self._lists[slot].entries[: self._k]

    def _difference(self, before: Mapping[int, list[Entry]], causes: Mapping[int, str]) -> Changed:
        changed: Changed = {}
        for slot, former in before.items():
            best = self._lists[slot]
            self._least_score[slot] = best.least_score
            if best.entries[: self._k] != former:
                changed[self._id(slot)] = causes[slot]
        return changed

    def _offer(self, scored: Scored, before: dict[int, list[Entry]], causes: dict[int, str]) -> None:
        """Offer each pair that may come in to its need's list."""
        may_enter = scored.score >= self._least_score[scored.needs]
        columns = (scored.needs, scored.vacancies, scored.score, scored.points, scored.unknown)
        for slot, row, score, points, unknown in zip(*(column[may_enter].tolist() for column in columns), strict=True):
            entry = self._entry(row, score, points, unknown)
            self._remember(before, slot)
            left = self._lists[slot].offer(entry)
            if left != entry[1]:
                self._holders.setdefault(entry[1], set()).add(slot)
                causes[slot] = entry[1]
                if left is not None:
                    self._let_go(slot, left)

    def _entry(self, row: int, score: int, points: int, unknown: int) -> Entry:
        vacancy_id = self._vacancies.slots.ids[row]
        if vacancy_id is None:
            raise KeyError(row)
        return (-score, vacancy_id, int(self._vacancies.version[row]), int(self._vacancies.opening[row]), points, unknown)

    def _let_go(self, slot: int, vacancy_id: str) -> None:
        holders = self._holders.get(vacancy_id)
        if holders is not None:
            holders.discard(slot)
            if not holders:
                del self._holders[vacancy_id]

    def _search(self, need_rows: Array) -> None:
        """Fill the lists of these needs from all open places."""
        for slot in need_rows.tolist():
            self._fill(slot, [], all_of_them=True)
        for scored in self._scorer.scored(need_rows, np.flatnonzero(self._vacancies.matchable)):
            order = np.argsort(scored.needs, kind="stable")
            needs = scored.needs[order]
            edges = [*np.flatnonzero(np.diff(needs, prepend=-1)).tolist(), len(needs)]
            for start, end in pairwise(edges):
                chosen = self._first(scored, order[start:end])
                self._fill(int(needs[start]), chosen, all_of_them=len(chosen) == end - start)

    def _first(self, scored: Scored, positions: Array) -> list[Entry]:
        """Give the first WIDTH of one need's pairs, ranked; ties are broken by id."""
        ids = self._vacancies.slots.ids
        if len(positions) > WIDTH:
            score = scored.score[positions]
            least = np.partition(score, len(score) - WIDTH)[len(score) - WIDTH]
            better, ties = positions[score > least], positions[score == least]
            fitting = heapq.nsmallest(WIDTH - len(better), ties.tolist(), key=lambda at: ids[scored.vacancies[at]] or "")
            positions = np.concatenate((better, np.array(fitting, dtype=np.int64)))
        columns = (scored.vacancies, scored.score, scored.points, scored.unknown)
        return sorted(self._entry(*values) for values in zip(*(column[positions].tolist() for column in columns), strict=True))

    def _fill(self, slot: int, ranked: list[Entry], *, all_of_them: bool) -> None:
        best = self._lists[slot]
        for entry in best.entries:
            self._let_go(slot, entry[1])
        best.replace(ranked, all_of_them=all_of_them)
        for entry in ranked:
            self._holders.setdefault(entry[1], set()).add(slot)
        self._least_score[slot] = best.least_score
