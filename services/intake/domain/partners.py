"""Partners: whose systems may submit, for which offers, and which kinds of event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.submission import SubmissionKind


@dataclass(frozen=True, slots=True)
class Partner:
    """What is declared for a partner; its own topic is its identity."""

    name: str
    offers: frozenset[str]
    kinds: frozenset[SubmissionKind]
