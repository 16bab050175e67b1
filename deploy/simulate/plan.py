"""What a simulation is to do, and the seeded choice of the next event."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deploy.simulate.ledger import Entity, Way

Kind = Literal["publish", "change", "withdraw"]
_MIX: tuple[tuple[Kind, int], ...] = (("publish", 60), ("change", 30), ("withdraw", 10))
"""Percent of each kind of event: the seeded mix that the project measures with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how fast, for how long."""

    rate: float
    """Events a second."""
    duration_seconds: float
    needs: int
    """Registered before the events begin."""
    seed: int
    run: str
    """Part of every id: two runs with different names never meet."""
    kafka_percent: int = 30
    """Vacancies that come over Kafka, as a partner; the rest comes over HTTP."""
    need_percent: int = 10
    """Events that are about needs; the rest is about vacancies."""
    offers: int = 100
    patience_seconds: float = 180.0
    """How long to wait for services that are away: before the events, and after them for what is unanswered."""


@dataclass(slots=True)
class Item:
    """One vacancy or need of the simulation, as far as it has been accepted."""

    entity: Entity
    number: int
    way: Way
    revision: int = 0
    entity_id: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One event: what is to be said of which item."""

    kind: Kind
    item: Item


class Chooser:
    """Draws events. An item that is on its way is not drawn again before it has been answered."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = random.Random(f"{plan.seed}/events")
        self._idle: dict[Entity, list[Item]] = {"vacancy": [], "need": []}
        self._made: dict[Entity, int] = {"vacancy": 0, "need": 0}

    def new(self, entity: Entity) -> Item:
        """Make an item that has not been published."""
        number = self._made[entity]
        self._made[entity] += 1
        over_kafka = entity == "vacancy" and self._percent(self._plan.kafka_percent)
        return Item(entity, number, "kafka" if over_kafka else "http")

    def next(self) -> Step:
        entity: Entity = "need" if self._percent(self._plan.need_percent) else "vacancy"
        kind = self._random.choices([kind for kind, _ in _MIX], [weight for _, weight in _MIX])[0]
        idle = self._idle[entity]
        if kind == "publish" or not idle:
            return Step("publish", self.new(entity))
        # The last one takes the place of the one that is drawn: no list of a million is moved.
        at = self._random.randrange(len(idle))
        idle[at], idle[-1] = idle[-1], idle[at]
        return Step(kind, idle.pop())

    def give_back(self, item: Item) -> None:
        """Say that an item is open and answered."""
        self._idle[item.entity].append(item)

    def open_items(self, entity: Entity) -> int:
        return len(self._idle[entity])

    def _percent(self, percent: int) -> bool:
        return self._random.random() * 100 < percent
