"""Partners: whose systems may submit, for which offers and municipalities, and which kinds of event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.submission import SubmissionKind


@dataclass(frozen=True, slots=True)
class Partner:
    """What is declared for a partner; its own topic is its identity.

    Attributes:
        name: part of the names of its topics.
        offers: ids of the offers that are its own.
        kinds: what it may send.
        municipalities: for whose needs it may act, by code; none is none.
    """

    name: str
    offers: frozenset[str]
    kinds: frozenset[SubmissionKind]
    municipalities: frozenset[str] = frozenset()
