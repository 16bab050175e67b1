"""What happens in notifications: one method per thing, each load, decide, save in one transaction."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, assert_never

import structlog

from services.notifications.domain.alerts import push
from services.notifications.domain.matches import MatchRecord, accept
from services.notifications.domain.places import AlertNow, AlreadySaid, Outdated, Wait, judge, lists_of
from services.notifications.domain.vacancies import newest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.notifications.domain.matches import Claim
    from services.notifications.domain.places import Kind, Place, Position
    from services.notifications.domain.vacancies import VacancyState
    from services.notifications.forgetting import Forgetting
    from services.notifications.metrics import Metrics
    from services.notifications.rereading import Rereading
    from services.notifications.store import Store, Unsaid, Writing
    from services.notifications.waiting import WaitingKeeper
    from shared.contracts.settings import Policy

_log = structlog.get_logger(__name__)


class Notifications:
    """The service's use cases.

    Args:
        store: its database.
        born_at: when that database began.
        keeper: woken when places begin to wait.
        metrics: counts what was decided.
        rereading: says whether a topic is read again after a long absence.
        forgetting: woken when needs were erased.
    """

    def __init__(
        self,
        store: Store,
        born_at: datetime,
        keeper: WaitingKeeper,
        metrics: Metrics,
        rereading: Rereading,
        *,
        forgetting: Forgetting,
    ) -> None:
        self._forgetting = forgetting
        self._store = store
        self._born_at = born_at
        self._keeper = keeper
        self._metrics = metrics
        self._rereading = rereading

    async def vacancies_changed(self, states: Sequence[VacancyState]) -> None:
        """Take over vacancies, and alert about the places that waited for them."""
        async with self._store.writing() as writing:
            if self._rereading.is_under_way("vacancies"):
                await writing.saw("vacancies", [state.vacancy_id for state in states])
            changed = await writing.save_vacancies(newest(states))
            waiting = await writing.waiting_for(changed)
            if not waiting:
                return
            unsaid = await writing.unsaid(lists_of(waiting))
            due, keep = _judge_all(unsaid)
            await writing.stop_waiting(_others(waiting, keep))
            told = await self._alert(writing, due)
        self._say(told)

    async def matches_changed(self, entries: Sequence[Claim | MatchRecord]) -> None:
        """Take over what is true for needs, and alert about the places that are new there."""
        async with self._store.writing() as writing:
            accepted = accept(entries, await writing.claims({entry.partition for entry in entries}))
            await writing.save_claims(accepted.claims)
            if self._rereading.is_under_way("matches"):
                await writing.saw("matches", [entry.need_id for entry in entries if isinstance(entry, MatchRecord)])
            erased = {one.need_id: one.position for one in accepted.records if one.is_erased}
            await writing.erase_needs(erased)
            newer = await writing.save_matches([one for one in accepted.records if not one.is_erased])
            if not newer and not erased:
                return
            loud = await writing.stop_waiting_of_needs(newer)
            records = [one.louder_by(loud.get(one.need_id, ())) for one in accepted.records if one.need_id in newer]
            due, keep = _judge_all(await writing.unsaid(records))
            await writing.start_waiting(keep)
            told = await self._alert(writing, due)
        if keep:
            self._keeper.wake()
        if erased:
            self._forgetting.wake()
        self._say(told)

    async def policy_changed(self, key: str, position: Position, policy: Policy) -> None:
        """Keep the words of a policy, to explain points made under it."""
        async with self._store.writing() as writing:
            if await writing.is_newer_setting(key, position):
                await writing.save_policy(policy.hash(), words_of(policy))

    async def _alert(self, writing: Writing, due: Sequence[tuple[Unsaid, Kind]]) -> list[tuple[Place, Kind]]:
        if not due:
            return []
        # The best place last, so that it is the newest and stands first in the inbox.
        places = [(unsaid.place, kind) for unsaid, kind in reversed(due)]
        with_mail = frozenset(unsaid.place.person for unsaid, _ in due if unsaid.has_mail)
        alerts, deliveries = push(places, with_mail, self._born_at)
        await writing.save_alerts(alerts, deliveries)
        return places

    def _say(self, told: Sequence[tuple[Place, Kind]]) -> None:
        """After the commit: a line per match record, so that a submission can be followed to its alerts."""
        records: dict[tuple[str, Position], list[str]] = {}
        correlation_ids: dict[tuple[str, Position], str] = {}
        kinds: Counter[Kind] = Counter()
        for place, kind in told:
            kinds[kind] += 1
            key = (place.need_id, place.match)
            records.setdefault(key, []).append(place.vacancy_id)
            correlation_ids[key] = place.correlation_id
        for kind, count in kinds.items():
            self._metrics.alerted(kind, count)
        for key, vacancies in records.items():
            # Without the need's id: a log cannot be made to forget it, and the correlation id finds the submission.
            _log.info("alerted", vacancies=vacancies, correlation_id=correlation_ids[key])


def words_of(policy: Policy) -> dict[str, object]:
    """What the inbox needs of a policy: the parts with their maxima, and the words of parts and rules."""
    return {
        "parts": [{"code": part.code, "max": part.max_points, "da": part.text_da, "en": part.text_en} for part in policy.parts],
        "rules": [{"code": rule.code, "da": rule.text_da, "en": rule.text_en} for rule in policy.rules],
    }


def _judge_all(unsaid: Sequence[Unsaid]) -> tuple[list[tuple[Unsaid, Kind]], list[Place]]:
    """Sort places into those to alert about and those to keep waiting; the rest is neither."""
    due: list[tuple[Unsaid, Kind]] = []
    keep: list[Place] = []
    for candidate in unsaid:
        judgement = judge(candidate.place, candidate.copy, candidate.alerted_opening)
        match judgement:
            case AlertNow(kind):
                due.append((candidate, kind))
            case Wait():
                keep.append(candidate.place)
            case Outdated() | AlreadySaid():
                pass
            case _:
                assert_never(judgement)
    return due, keep


def _others(places: Sequence[Place], kept: Sequence[Place]) -> list[Place]:
    keys = {(place.need_id, place.vacancy_id) for place in kept}
    return [place for place in places if (place.need_id, place.vacancy_id) not in keys]
