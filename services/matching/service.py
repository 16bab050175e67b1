"""What happens to a matching worker, one method each: settings, vacancies, needs and records of its own arrive, partitions come and go.

All methods run to their end without waiting, in one thread, so that no answer is seen half changed. What they leave to be said stands
in `Partition.unsaid`; `speaking.py` says it. Large scorings are queued and done a piece at a time by `score_some`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import structlog

from services.matching.domain.causes import SLACK, Cause
from services.matching.domain.near_misses import NearMisses, OpenPlaces
from services.matching.domain.need_book import GONE, Texts
from services.matching.domain.partition import Partition, Phase
from services.matching.domain.terms import Terms, is_newer_policy
from services.matching.place_texts import PlaceTexts
from services.matching.records import canonical_form, digest_of_body, handlekommune_of, open_need
from services.matching.state import MatchingState
from services.matching.whole_places import WholePlaces
from shared.contracts.match import CLAIM_KEY
from shared.messaging.versions import is_newer
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.matching.domain.causes import CauseKind
    from services.matching.domain.need_book import Position
    from services.matching.domain.tables import Array
    from services.matching.lean_reading import LeanEvent
    from services.matching.metrics import Metrics
    from services.matching.state import Changed
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import Policy, Today
    from shared.contracts.vacancy import Vacancy
    from shared.messaging.envelope import Envelope
    from shared.messaging.records import Event

log = structlog.get_logger(__name__)

_NEEDS_A_PIECE: Final = 500
_NOBODY: Final = -1
"""The owner of a row that has no need."""

_NO_ROW: Final = -1
_THE_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


Answer = bytes | Literal["gone", "later"]
"""The canonical form of what is true; "gone": there is no such open need, its record is a tombstone; "later": it cannot be said yet."""


class NotReadyError(Exception):
    """The policy or the day has not been published yet: nothing can be judged."""


@dataclass(frozen=True, slots=True)
class Said:
    """A record of `matches` as it stands on the log; `body` None is a tombstone."""

    key: str
    epoch: int
    cause: Cause
    body: bytes | None
    offset: int


class Matching:
    """The state of one worker."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._policy: Policy | None = None
        self._today: Today | None = None
        self._settings_positions: dict[str, Position] = {}
        self._state: MatchingState | None = None
        self._vacancy_positions: dict[str, Position] = {}
        self._texts = PlaceTexts(self._vacancy_positions)
        self._whole_places = WholePlaces()
        self._announced_at: dict[str, datetime] = {}
        self._last_announced_at = _THE_BEGINNING
        self._to_score: deque[Array] = deque()
        self._owners = np.zeros(0, dtype=np.int16)
        self._texts_of_needs = Texts()
        self._latest = _THE_BEGINNING
        self.partitions: dict[int, Partition] = {}
        self.terms_known = asyncio.Event()
        """Set once both the policy and the day have arrived."""
        self.on_unsaid: Callable[[], None] = lambda: None
        """Called when there is something to say or to score."""

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def terms(self) -> Terms:
        """The policy and the day.

        Raises:
            NotReadyError: one of them is not known yet.
        """
        if self._policy is None or self._today is None:
            raise NotReadyError(self.missing_settings)
        return self._state.terms if self._state else Terms(self._policy, self._today.day)

    @property
    def missing_settings(self) -> str:
        missing = [name for name, value in (("policy", self._policy), ("today", self._today)) if value is None]
        return f"waiting for {' and '.join(missing)} on the topic settings" if missing else ""

    @property
    def state(self) -> MatchingState:
        if self._state is None:
            self._state = MatchingState(self.terms)
        return self._state

    @property
    def latest(self) -> datetime:
        """When the latest event happened that this worker knows of: its clock."""
        return self._latest

    @property
    def waiting(self) -> int:
        """Needs that are still to be scored."""
        return sum(map(len, self._to_score))

    def partition_of(self, need_id: str) -> Partition | None:
        """Give the partition that an open need stands in."""
        row = self._state.row_of(need_id) if self._state else None
        return None if row is None else self.partitions.get(int(self._owners[row]))

    def handlekommune_of(self, need_id: str) -> str | None:
        """Give the municipality that has the case of an open need of this worker."""
        partition = self.partition_of(need_id)
        return None if partition is None else handlekommune_of(partition.needs[need_id])

    def counts(self) -> dict[str, int]:
        """Count what this worker answers for: open needs of its partitions and their pairs, and all open vacancies."""
        return {
            "needs": sum(len(part.needs) for part in self.partitions.values()),
            "pairs": self.state.pairs if self._state else 0,
            "vacancies": self.state.vacancies_open if self._state else 0,
        }

    # --- settings ----------------------------------------------------------------------------------------------------

    def policy_arrived(self, event: Event[Policy]) -> None:
        """Go over to a newer policy, never to an older one."""
        if self._is_old_setting(event):
            return
        if event.data is not None and is_newer_policy(self._policy, event.data):
            self._change_terms(event.data, self._today, event, "policy")
        self._note_setting(event)

    def today_arrived(self, event: Event[Today]) -> None:
        """Go over to a later day, never to an earlier one."""
        if self._is_old_setting(event):
            return
        if event.data is not None and (self._today is None or event.data.day > self._today.day):
            self._change_terms(self._policy, event.data, event, "day")
        self._note_setting(event)

    def _change_terms(self, policy: Policy | None, today: Today | None, event: Event[Any], kind: CauseKind) -> None:
        if policy is not None and today is not None and self._state is not None:
            self._score_anew(self._cause(event.envelope, kind), Terms(policy, today.day))
        self._policy, self._today = policy, today
        if policy is not None and today is not None:
            self.terms_known.set()

    def _score_anew(self, cause: Cause, terms: Terms) -> None:
        """Score all needs, under these terms; where that fails half way, under those that the state has come to."""
        try:
            waiting = self.state.change_terms(terms)
        except BaseException:
            self._begin_again(cause)
            raise
        log.info("terms_changed", policy=terms.policy.version, day=str(terms.today), needs=len(waiting))
        self._note_all(cause)
        self._queue(waiting)

    def _begin_again(self, cause: Cause) -> None:
        """Trust no list any more: every need is scored again, whatever is still marked as scored."""
        self.state.begin_again()
        self._note_all(cause)
        self._queue(np.flatnonzero(self._owners != _NOBODY))

    def _is_old_setting(self, event: Event[Any]) -> bool:
        return not is_newer(self._settings_positions.get(event.subject), event.position)

    def _note_setting(self, event: Event[Any]) -> None:
        """Remember the position, after a tombstone too. Not before: what failed comes again, and must then be news."""
        self._settings_positions[event.subject] = event.position
        self._latest = max(self._latest, event.time)

    # --- vacancies ---------------------------------------------------------------------------------------------------

    def vacancies_arrived(self, events: Sequence[Event[Vacancy]]) -> None:
        """Take in vacancies; all of a batch are scored together, and each need is told of once."""
        changes: dict[str, Vacancy | None] = {}
        causes: dict[str, Cause] = {}
        positions: dict[str, Position] = {}
        for event in events:
            if not is_newer(positions.get(event.subject, self._vacancy_positions.get(event.subject)), event.position):
                continue
            positions[event.subject] = event.position
            is_open = event.data is not None and event.data.status == "open"
            changes[event.subject] = event.data if is_open else None
            causes[event.subject] = self._cause(event.envelope, "vacancy")
        if not changes:
            return
        changed = self._change_vacancies(changes, max(causes.values(), key=lambda cause: cause.time))
        # Not before: a batch that failed comes again, and must then be news, or it would leave a hole that nobody sees.
        self._vacancy_positions.update(positions)
        for vacancy_id, cause in causes.items():
            self._announced_at[vacancy_id] = cause.time
            self._last_announced_at = max(self._last_announced_at, cause.time)
        self._latest = max(self._latest, self._last_announced_at)
        for need_id, vacancy_id in changed.items():
            if (partition := self.partition_of(need_id)) is not None:
                partition.note(need_id, causes[vacancy_id])
        self._metrics.vacancy_events.inc(len(changes))
        if changed:
            self.on_unsaid()

    def _change_vacancies(self, changes: Mapping[str, Vacancy | None], cause: Cause) -> Changed:
        try:
            changed = self.state.change_vacancies(changes)
            self._whole_places.change(changes)
        except BaseException:
            # The same batch comes again, and would find lists that nobody could mend by then.
            self._begin_again(cause)
            raise
        return changed

    def vacancy_unreadable_on_restore(self, vacancy_id: str) -> None:
        """Count a vacancy as not open whose last record cannot be read.

        The record before it may be published again to mend this, so its position is forgotten by one.
        """
        self._change_vacancies({vacancy_id: None}, self._repair())
        if (seen := self._vacancy_positions.get(vacancy_id)) is not None:
            self._vacancy_positions[vacancy_id] = (seen[0], seen[1] - 1)

    # --- needs -------------------------------------------------------------------------------------------------------

    def needs_arrived(self, number: int, events: Iterable[Event[NeedProfile] | LeanEvent]) -> None:
        """Take in needs of a partition, in the order of the log; the last version of each in the batch is scored."""
        partition = self.partitions[number]
        opened: dict[str, NeedProfile] = {}
        positions: dict[str, Position] = {}
        latest = self._latest
        for event in events:
            need_id = event.subject
            if not is_newer(positions.get(need_id) or partition.needs.position(need_id), event.position):
                continue
            positions[need_id] = event.position
            latest = max(latest, event.time)
            if partition.is_old(event.time):
                partition.unsaid.wait(need_id)
            else:
                partition.note(need_id, self._cause(event.envelope, "need"))
            partition.unreadable.discard(need_id)
            partition.erased.discard(need_id)
            if event.data is not None and event.data.status == "open":
                opened[need_id] = event.data
                continue
            opened.pop(need_id, None)
            self._close(partition, need_id)
            if event.data is None:
                partition.erased.add(need_id)
                if not partition.is_old(event.time):
                    # An erasure is answered each time that it is asked for: an idle segment rolls only on an append; and a need that
                    # was closed before has a tombstone already, which does not say that it was erased.
                    partition.overwritten.add(need_id)
        self._open(partition, opened)
        # Not before: a batch that failed comes again, and must then be news.
        for need_id, position in positions.items():
            partition.needs.put_position(need_id, position)
        self._latest = latest

    def _open(self, partition: Partition, opened: dict[str, NeedProfile]) -> None:
        for need_id, need in opened.items():
            partition.needs.put_open(need_id, open_need(need))
        if opened:
            rows = self.state.put_needs(opened.values(), live=False)
            self._own(rows, partition.number)
            if partition.phase is Phase.LIVE:
                self.state.make_live(rows)
        self._metrics.need_events.inc(len(opened))
        self.on_unsaid()

    def _close(self, partition: Partition, need_id: str) -> None:
        row = self.state.row_of(need_id)
        if partition.needs.close(need_id) and row is not None:
            self._owners[row] = _NOBODY
            self.state.remove_needs([need_id])
        self.on_unsaid()

    def need_unreadable(self, number: int, need_id: str) -> None:
        """Keep the good state of a need whose newer record cannot be read, and what was said of one that is not known."""
        partition = self.partitions[number]
        if need_id not in partition.needs:
            partition.unreadable.add(need_id)

    # --- own records -------------------------------------------------------------------------------------------------

    def said_arrived(self, number: int, said: Said) -> None:
        """Take in a record of this worker's own output, or of somebody who may no longer write it."""
        partition = self.partitions[number]
        if said.key == CLAIM_KEY:
            partition.saw_claim(said.epoch, said.offset, said.cause.time)
            return
        digest = GONE if said.body is None else digest_of_body(said.body)
        partition.saw_record(said.key, said.epoch, digest, said.cause)
        if partition.unsaid:
            self.on_unsaid()

    def said_unreadable(self, number: int, key: str) -> None:
        """Take in garbage in this worker's own output: the truth is written over it."""
        if key != CLAIM_KEY:
            self.partitions[number].saw_garbage(key, self._repair())
            self.on_unsaid()

    # --- partitions --------------------------------------------------------------------------------------------------

    def assigned(self, numbers: Iterable[int]) -> None:
        """Begin, or take up again, these partitions and forget all others; those that stay keep their state."""
        wanted = set(numbers)
        for number in self.partitions.keys() - wanted:
            partition = self.partitions.pop(number)
            self._owners[self._owners == number] = _NOBODY
            if self._state is not None:
                self._state.remove_needs(partition.needs)
        for number in wanted:
            if number not in self.partitions:
                self.partitions[number] = Partition(number, texts=self._texts_of_needs)
            self.partitions[number].phase = Phase.RESTORING

    def pause(self, number: int) -> None:
        """Stop speaking for a partition; what is known of it is kept."""
        if number in self.partitions:
            self.partitions[number].phase = Phase.PAUSED

    def go_live(self, number: int) -> None:
        """Score the needs of a restored partition that wait for it; under a new claim, compare all that was said with what is true."""
        partition = self.partitions[number]
        partition.phase = Phase.LIVE
        if partition.claimed is not None and partition.compared_epoch != partition.claimed.epoch:
            partition.compared_epoch = partition.claimed.epoch
            partition.compare_all()
        partition.settle(self._repair())
        self._queue(np.flatnonzero(self._owners == number))

    # --- scoring and saying ------------------------------------------------------------------------------------------

    def score_some(self) -> bool:
        """Score a piece of what is queued; say whether anything was, be it scored meanwhile: now that it is not, others may be told of."""
        had_any = bool(self._to_score)
        while self._to_score:
            queued = self._to_score.popleft()
            if len(queued) > _NEEDS_A_PIECE:
                self._to_score.appendleft(queued[_NEEDS_A_PIECE:])
                queued = queued[:_NEEDS_A_PIECE]
            live = [number for number, partition in self.partitions.items() if partition.phase is Phase.LIVE]
            piece = queued[np.isin(self._owners[queued], live) & ~self.state.are_live(queued)]
            if len(piece):
                try:
                    self.state.make_live(piece)
                except BaseException:
                    self._to_score.appendleft(piece)
                    raise
                return True
        return had_any

    def answers(self, partition: Partition, need_ids: Sequence[str]) -> list[Answer]:
        """Give what is true for some needs of a partition now."""
        needs = [partition.needs.get(need_id) for need_id in need_ids]
        rows = np.array([_NO_ROW if need is None else self._row_of(one) for one, need in zip(need_ids, needs, strict=True)])
        is_scored = (rows != _NO_ROW) & self.state.are_live(rows)
        places, policy_hash = self._texts.write(self.state, rows[is_scored]), self.terms.policy_hash
        found: list[Answer] = []
        for need_id, need, scored in zip(need_ids, needs, is_scored.tolist(), strict=True):
            if need is None:
                found.append("later" if need_id in partition.unreadable else "gone")
            else:
                found.append(canonical_form(need_id, need, next(places), policy_hash) if scored else "later")
        return found

    def answer(self, partition: Partition, need_id: str) -> Answer:
        """Give what is true for one need."""
        return self.answers(partition, [need_id])[0]

    def _row_of(self, need_id: str) -> int:
        row = self.state.row_of(need_id)
        return _NO_ROW if row is None else row

    def near_misses(self, need: NeedProfile, examples: int) -> dict[str, Any]:
        """Say which open places a need just misses, and why; `examples` places are told of each cause.

        Raises:
            NotReadyError: the policy or the day is not known yet.
        """
        observer, vacancy_at = self.state.observer, self.state.vacancy_at
        places = OpenPlaces(observer.open, observer.matchable, lambda row: self._whole_places[vacancy_at(row)[0]])
        return NearMisses(need, observer.look(need), places, self.terms, examples=examples).told()

    def profile_of(self, partition: Partition, need_id: str) -> NeedProfile:
        """Give an open need of a partition, whole enough to be told of."""
        need = partition.needs[need_id]
        return self.state.observer.profile(need_id, version=need.version, handlekommune=handlekommune_of(need))

    def often_in_the_way(self, need_id: str) -> str | None:
        """Give the rule that at this moment most often is the only one between a scored need and an open place."""
        return self.state.observer.often_in_the_way(need_id)

    def news_of_their_own(self, need_id: str, cause: Cause) -> list[str]:
        """Give the places on a list that are pushed although the cause of the record is not."""
        since = cause.since
        if not cause.is_quiet or since is None or since >= self._last_announced_at:
            return []
        return [place.vacancy_id for place in self.state.places(need_id) if self._announced_at[place.vacancy_id] > since]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _own(self, rows: Array, number: int) -> None:
        """Note which partition the needs of these rows stand in."""
        more = int(rows.max()) + 1 - len(self._owners)
        if more > 0:
            more = max(more, len(self._owners) // 4)
            self._owners = np.concatenate((self._owners, np.full(more, _NOBODY, dtype=np.int16)))
        self._owners[rows] = number

    def _note_all(self, cause: Cause) -> None:
        for partition in self.partitions.values():
            partition.unsaid.note_all_open(cause)

    def _queue(self, rows: Array) -> None:
        if len(rows):
            self._to_score.append(rows)
        self.on_unsaid()

    @staticmethod
    def _cause(envelope: Envelope, kind: CauseKind) -> Cause:
        return Cause(envelope.correlationid, envelope.time, envelope.traceparent, kind, envelope.time - SLACK)

    def _repair(self) -> Cause:
        """Give the cause of a repair that no record led to: there is no clock here, so it happened when the latest event did."""
        return Cause(new_correlation_id(), self._latest)
