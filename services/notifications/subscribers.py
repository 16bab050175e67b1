"""Kafka in: one thin handler per topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter

from services.notifications.domain.matches import Claim, MatchRecord, Need, loud_places, recipient
from services.notifications.domain.vacancies import VacancyState, state_of
from shared.contracts import match as match_contract
from shared.contracts.match import CLAIM_KEY, ERASED_TYPE, Match
from shared.contracts.settings import POLICY_KEY, Policy, Today
from shared.contracts.vacancy import Vacancy
from shared.messaging.errors import PermanentError

if TYPE_CHECKING:
    from services.notifications.service import Notifications
    from shared.messaging.consuming import Consumers
    from shared.messaging.records import Event

GROUP = "notifications"
TOPICS = ("vacancies", "matches", "settings")

MatchOrClaim = Match | match_contract.Claim
_MATCHES: TypeAdapter[MatchOrClaim] = TypeAdapter(Annotated[MatchOrClaim, Field(union_mode="left_to_right")])
_SETTINGS: TypeAdapter[Policy | Today] = TypeAdapter(Policy | Today)


class AnotherEntityError(PermanentError):
    """A record's body is about another entity than its key and envelope say."""


def subscribe(consumers: Consumers, notifications: Notifications) -> None:
    """Subscribe the service to its topics."""

    @consumers.subscriber("vacancies", contract=Vacancy, group=GROUP)
    async def on_vacancies(events: list[Event[Vacancy]]) -> None:
        await notifications.vacancies_changed([_to_vacancy(event) for event in events])

    @consumers.subscriber("matches", contract=_MATCHES, group=GROUP)
    async def on_matches(events: list[Event[MatchOrClaim]]) -> None:
        await notifications.matches_changed([_to_entry(event) for event in events])

    @consumers.subscriber("settings", contract=_SETTINGS, group=GROUP)
    async def on_settings(events: list[Event[Policy | Today]]) -> None:
        for event in events:
            if event.subject == POLICY_KEY and isinstance(event.data, Policy):
                await notifications.policy_changed(event.subject, event.position, event.data)


def _to_vacancy(event: Event[Vacancy]) -> VacancyState:
    if event.data is not None and event.data.vacancy_id != event.subject:
        raise AnotherEntityError
    return state_of(event.subject, event.position, event.data)


def _to_entry(event: Event[MatchOrClaim]) -> Claim | MatchRecord:
    data = event.data
    if event.subject == CLAIM_KEY:
        # The tombstone of a claim ends no epoch below its own.
        return Claim(event.at.partition, event.epoch, event.at.offset)
    if data is None:
        return _record(event, person="", policy="", need=None, match=None)
    if not isinstance(data, Match) or data.need_id != event.subject:
        raise AnotherEntityError
    deadline = data.deadline.date if data.deadline else None
    need = Need(data.handlekommune, data.urgency, data.waiting_since, deadline)
    return _record(event, person=recipient(data.caseworker, data.handlekommune), policy=data.policy, need=need, match=data)


def _record(event: Event[MatchOrClaim], *, person: str, policy: str, need: Need | None, match: Match | None) -> MatchRecord:
    return MatchRecord(
        need_id=event.subject,
        partition=event.at.partition,
        offset=event.at.offset,
        position=event.position,
        happened_at=event.envelope.time,
        correlation_id=event.correlation_id,
        person=person,
        policy=policy,
        need=need,
        places=match.places if match else (),
        loud=loud_places(match.cause, match.own_news) if match else None,
        is_erased=match is None and event.envelope.type == ERASED_TYPE,
    )
