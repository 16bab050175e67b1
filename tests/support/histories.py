"""What intake published over a while, as records that may come in another order, and more than once."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Today
from tests.support.matching import TODAY, Chance, full_policy

if TYPE_CHECKING:
    from pydantic import BaseModel


class Published(NamedTuple):
    """One state of one entity; body None is a tombstone."""

    topic: str
    key: str
    version: int
    body: BaseModel | None


def drawn_history(seed: int, *, needs: int, vacancies: int, settings: int) -> list[Published]:
    """Draw a history in the order in which it happened; the last state of everything is what counts in the end."""
    chance, draw = Chance(seed), random.Random(seed)
    places = [f"vacancy-{number:03}" for number in range(vacancies)]
    history = []
    for version in range(1, settings + 1):
        policy = full_policy(version=f"2026-11-25.{version}", threshold=draw.choice((0, 40, 55)))
        history.append(Published("settings", POLICY_KEY, version, policy))
        history.append(Published("settings", TODAY_KEY, version, Today(day=TODAY + timedelta(days=version))))
    for place in places:
        states: list[BaseModel] = [chance.vacancy(place, version) for version in range(1, draw.randint(1, 3) + 1)]
        history += [Published("vacancies", place, version, state) for version, state in enumerate(states, start=1)]
        history += _end_of(history[-1], draw)
    for number in range(needs):
        need = f"need-{number:03}"
        states = [chance.need(need, version, places) for version in range(1, draw.randint(1, 3) + 1)]
        history += [Published("need-profiles", need, version, state) for version, state in enumerate(states, start=1)]
        history += _end_of(history[-1], draw)
    return history


def _end_of(last: Published, draw: random.Random) -> list[Published]:
    """One in four is closed, erased, or both."""
    closed = last.body and last.body.model_copy(update={"version": last.version + 1, "status": "closed"})
    ends = draw.choice(((closed,), (None,), (closed, None))) if draw.random() < 0.25 else ()
    return [last._replace(version=last.version + step, body=body) for step, body in enumerate(ends, start=1)]


def disordered(history: list[Published], seed: int) -> list[Published]:
    """Give a history in another order, a third of it twice: older versions come after newer ones, tombstones before what they end."""
    draw = random.Random(seed)
    records = [*history, *draw.sample(history, len(history) // 3)]
    draw.shuffle(records)
    return records
