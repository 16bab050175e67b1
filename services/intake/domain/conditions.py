"""Conditions on the stored version: "only if it is still what I saw", "only if it is new" (RFC 9110, section 13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Position: TypeAlias = tuple[int, int]
"""(epoch, version) of one entity."""

Tags: TypeAlias = frozenset[str] | Literal["*"]
"""Some entity tags, or any at all."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold of the stored version for a change to be made.

    Attributes:
        match: it has one of these tags; any: it exists. None: not asked for.
        none_match: it has none of these tags; any: it does not exist. None: not asked for.
    """

    match: Tags | None = None
    none_match: Tags | None = None

    def holds(self, position: Position | None) -> bool:
        """Say whether it holds of what is stored; None is nothing."""
        return (self.match is None or _is_among(position, self.match)) and not (
            self.none_match is not None and _is_among(position, self.none_match)
        )


UNCONDITIONAL: Final = Condition()


def entity_tag(position: Position) -> str:
    """Write a version as an ETag, such as `"1.7"`."""
    epoch, version = position
    return f'"{epoch}.{version}"'


def _is_among(position: Position | None, tags: Tags) -> bool:
    return position is not None and (tags == "*" or entity_tag(position) in tags)
