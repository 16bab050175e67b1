"""What is published of a state: topic, key, envelope and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, OfferState, VacancyState
from shared.contracts.settings import POLICY_KEY, TODAY_KEY
from shared.messaging.envelope import Envelope, state_envelope
from shared.messaging.outbox import OutboxMessage

if TYPE_CHECKING:
    from datetime import datetime

    from services.intake.domain.states import State
    from services.intake.store import Change
    from shared.messaging.versions import Position

SOURCE: Final = "intake"

ENTITY_OF_TOPIC: Final = {"offers": "offer", "vacancies": "vacancy", "need-profiles": "need-profile"}
"""Intake's own state topics beside `settings`, where the key names the kind."""

OWN_TOPICS: Final = ("settings", *ENTITY_OF_TOPIC)


def topic_of(state: State) -> str:
    """Name the topic of a state."""
    match state:
        case OfferState():
            return "offers"
        case VacancyState() | ErasedVacancy():
            return "vacancies"
        case NeedState() | ErasedNeed():
            return "need-profiles"
        case _:
            assert_never(state)


def body_of(state: State) -> bytes | None:
    """Give the bytes of a state's record; None is a tombstone."""
    match state:
        case OfferState(offer=published) | VacancyState(vacancy=published) | NeedState(need=published):
            return published.model_dump_json().encode()
        case ErasedVacancy() | ErasedNeed():
            return None
        case _:
            assert_never(state)


def envelope(topic: str, key: str, position: Position, time: datetime, correlation_id: str) -> Envelope:
    """Make the envelope of one version of what stands under a key."""
    entity = ENTITY_OF_TOPIC.get(topic) or (key if key in {POLICY_KEY, TODAY_KEY} else "setting")
    return state_envelope(entity=entity, subject=key, position=position, time=time, source=SOURCE, correlationid=correlation_id)


def message(change: Change, epoch: int, now: datetime) -> OutboxMessage:
    """Make the record of a change."""
    state = change.state
    topic = topic_of(state)
    headers = envelope(topic, state.entity_id, (epoch, state.version), now, change.correlation_id).to_headers()
    return OutboxMessage(topic, state.entity_id, headers, change.body)
