"""The whole state of a worker's matching: needs and open vacancies in columns, and the best places of each need, kept true.

Nothing here knows Kafka.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
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
        self._holders: defaultdict[str, set[int]] = defaultdict(set)
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

    @property
    def pairs(self) -> int:
        """Count the (need, place) pairs that stand on lists, K at most for each need."""
        most = self._k
        return sum(min(len(best.entries), most) for best in self._lists.values())

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
                    self._holders[entry[1]].discard(slot)
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
        """Offer to each need's list, together, the places that may come in."""
        may_enter = np.flatnonzero(scored.score >= self._least_score[scored.needs])
        order = may_enter[np.argsort(scored.needs[may_enter], kind="stable")]
        entries, needs = self._entries(scored, order), scored.needs[order]
        for start, end in pairwise(_edges(needs)):
            slot, offered = int(needs[start]), entries[start:end]
            best = self._lists[slot]
            self._remember(before, slot)
            for entry in offered:
                self._holders[entry[1]].add(slot)
            for entry in best.offer(offered):
                self._holders[entry[1]].discard(slot)
            causes[slot] = offered[-1][1]

    def _entries(self, scored: Scored, positions: Array) -> list[Entry]:
        """Write pairs as entries of lists."""
        rows = scored.vacancies[positions]
        ids = self._vacancies.slots.ids
        return list(
            zip(
                (-scored.score[positions]).tolist(),
                [ids[row] or "" for row in rows.tolist()],
                self._vacancies.version[rows].tolist(),
                self._vacancies.opening[rows].tolist(),
                scored.points[positions].tolist(),
                scored.unknown[positions].tolist(),
                strict=True,
            )
        )

    def _search(self, need_rows: Array) -> None:
        """Fill the lists of these needs from all open places."""
        for slot in need_rows.tolist():
            self._fill(slot, [], all_of_them=True)
        for scored in self._scorer.scored(need_rows, np.flatnonzero(self._vacancies.matchable)):
            order = np.argsort(scored.needs, kind="stable")
            needs = scored.needs[order]
            for start, end in pairwise(_edges(needs)):
                chosen = self._first(scored, order[start:end])
                self._fill(int(needs[start]), chosen, all_of_them=len(chosen) == end - start)

    def _first(self, scored: Scored, positions: Array) -> list[Entry]:
        """Give the first WIDTH of one need's pairs, ranked; ties are broken by id."""
        if len(positions) > WIDTH:
            ids = self._vacancies.slots.ids
            score = scored.score[positions]
            least = np.partition(score, len(score) - WIDTH)[len(score) - WIDTH]
            better, ties = positions[score > least], positions[score == least]
            fitting = heapq.nsmallest(WIDTH - len(better), ties.tolist(), key=lambda at: ids[scored.vacancies[at]] or "")
            positions = np.concatenate((better, np.array(fitting, dtype=np.int64)))
        return sorted(self._entries(scored, positions))

    def _fill(self, slot: int, ranked: list[Entry], *, all_of_them: bool) -> None:
        best = self._lists[slot]
        for entry in best.entries:
            self._holders[entry[1]].discard(slot)
        best.replace(ranked, all_of_them=all_of_them)
        for entry in ranked:
            self._holders[entry[1]].add(slot)
        self._least_score[slot] = best.least_score


def _edges(ascending: Array) -> list[int]:
    """Give where each run of equal values begins, and the end."""
    return [*np.flatnonzero(np.diff(ascending, prepend=-1)).tolist(), len(ascending)]
