"""What readiness asks of a part: whether it is well, and a sentence about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """The answer of one part."""

    ok: bool
    detail: str
