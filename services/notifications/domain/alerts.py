"""Alerts as values, and which of them are pushed as mail."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.notifications.domain.places import Kind, Place

_DELIVERIES = uuid.UUID("5b6f6d0e-6c55-4f8e-9a36-3d5f0c6f2a11")
"""Namespace of the deliveries' ids, which are made from what they deliver."""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert that is about to be stored; its identity is (person, need, vacancy, opening, kind)."""

    place: Place
    kind: Kind
    delivery_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail: what one record of `matches` newly says to one person."""

    delivery_id: uuid.UUID
    person: str
    need_id: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A stored alert.

    Attributes:
        said: what the vacancy said when the alert was made.
        delivery_id: the mail that carries it; None: inbox only.
    """

    alert_id: int
    person: str
    need_id: str
    vacancy_id: str
    opening: int
    kind: Kind
    score: int
    points: Mapping[str, int]
    unknown: tuple[str, ...]
    policy: str
    said: Mapping[str, Any]
    delivery_id: uuid.UUID | None
    correlation_id: str
    alerted_at: datetime

    @property
    def channel(self) -> str:
        """The widest channel: `mail` is inbox and mail."""
        return "inbox" if self.delivery_id is None else "mail"


def push(
    due: Sequence[tuple[Place, Kind]], with_mail: frozenset[str], born_at: datetime
) -> tuple[list[NewAlert], list[Delivery]]:
    """Turn places that are due into alerts, and bundle those that are pushed: one mail per person, need and match record.

    Nothing is pushed whose record is older than the database: whoever was told before the database began would be told again.
    Neither is a place that a new policy or a new day brought: a change of rules is no news of a place.

    Args:
        due: places to alert about, with the kind.
        with_mail: those who have a mail address.
        born_at: when the database began.
    """
    bundles: dict[tuple[object, ...], list[tuple[Place, Kind]]] = {}
    for place, kind in due:
        if place.person in with_mail and place.happened_at >= born_at and not place.is_quiet:
            bundles.setdefault((place.person, place.need_id, place.match), []).append((place, kind))
    deliveries: dict[tuple[object, ...], Delivery] = {}
    for key, bundle in bundles.items():
        first = bundle[0][0]
        deliveries[key] = Delivery(_delivery_id(bundle), first.person, first.need_id, first.correlation_id)
    alerts = []
    for place, kind in due:
        delivery = None if place.is_quiet else deliveries.get((place.person, place.need_id, place.match))
        alerts.append(NewAlert(place, kind, delivery.delivery_id if delivery else None))
    return alerts, list(deliveries.values())


def _delivery_id(bundle: Sequence[tuple[Place, Kind]]) -> uuid.UUID:
    """Derive the id from the alerts' identities: the same alerts are the same mail, whoever makes it and whenever."""
    first = bundle[0][0]
    said = sorted(f"{place.vacancy_id}/{place.opening}/{kind}" for place, kind in bundle)
    return uuid.uuid5(_DELIVERIES, "\n".join([first.person, first.need_id, *said]))
