"""What the launcher says while it works; a terminal shows it, a detached launcher writes it as JSON lines."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the stack came this far."""

    part: str
    text: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Something happened that a person should know."""

    text: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything is up."""

    address: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot start; the text is the reason and the remedy."""

    text: str


Report = Step | Said | Ready | Failed
Reporter = Callable[[Report], None]
_KINDS: dict[str, type[Report]] = {kind.__name__: kind for kind in (Step, Said, Ready, Failed)}


def to_line(report: Report) -> str:
    """One JSON line."""
    return json.dumps({"kind": type(report).__name__, **asdict(report)}, ensure_ascii=False)


def from_line(line: str) -> Report | None:
    """The report of a line, None when the line is something else (a traceback, a half-written line)."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    if not isinstance(fields, dict) or fields.get("kind") not in _KINDS:
        return None
    return _KINDS[fields.pop("kind")](**fields)
