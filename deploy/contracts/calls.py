"""Changes of the OpenAPI document that break those who call: a way that is gone, a request that is refused now, an answer that is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deploy.contracts.compatibility import changes_between
from deploy.contracts.topology import Break

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.contracts.compatibility import Role

_CALLERS: Final = ("whoever calls over HTTP",)
_Object = dict[str, Any]
_Found = tuple[str, str]
"""What is broken, and in which call."""


def breaks_of_calls(old: _Object, new: _Object) -> list[Break]:
    """Compare two OpenAPI documents; what several calls have in common is told once.

    Args:
        old: as it is committed; an empty one promises nothing.
        new: as the code has it now.
    """
    calls: dict[str, list[str]] = {}
    for what, call in _Calls(old, new).breaks():
        calls.setdefault(what, []).append(call)
    return [Break("openapi", f"{what} ({_some(named)})", _CALLERS) for what, named in calls.items()]


class _Calls:
    def __init__(self, old: _Object, new: _Object) -> None:
        self._old = old
        self._new = new

    def breaks(self) -> Iterator[_Found]:
        for path, methods in self._old.get("paths", {}).items():
            for method, before in methods.items():
                call = f"{method.upper()} {path}"
                after = self._new.get("paths", {}).get(path, {}).get(method)
                if after is None:
                    yield "is gone", call
                    continue
                for what in (*self._parameters(before, after), *self._request(before, after), *self._answers(before, after)):
                    yield what, call

    def _parameters(self, before: _Object, after: _Object) -> Iterator[str]:
        olds, news = _by_place(before), _by_place(after)
        for place, old in olds.items():
            if place not in news:
                yield f"the {place} is gone"
                continue
            if news[place].get("required") and not old.get("required"):
                yield f"the {place} is required from now on"
            yield from self._schemas(old["schema"], news[place]["schema"], "submitted", f"the {place}")
        for place, new in news.items():
            if place not in olds and new.get("required"):
                yield f"the {place} is new and required"

    def _request(self, before: _Object, after: _Object) -> Iterator[str]:
        old, new = before.get("requestBody", {}), after.get("requestBody", {})
        if new.get("required") and not old.get("required"):
            yield "a body is required from now on"
        yield from self._contents(old.get("content", {}), new.get("content", {}), "submitted", "the body")

    def _answers(self, before: _Object, after: _Object) -> Iterator[str]:
        for status, old in before["responses"].items():
            new = after["responses"].get(status, {})
            if status in after["responses"]:
                yield from self._contents(old.get("content", {}), new.get("content", {}), "answered", f"answer {status}")
            elif status.startswith("2"):
                yield f"answer {status} is gone"

    def _contents(self, old: _Object, new: _Object, role: Role, what: str) -> Iterator[str]:
        for media_type, content in old.items():
            if media_type not in new:
                yield f"{what} is not {media_type} any more"
            else:
                yield from self._schemas(content.get("schema", {}), new[media_type].get("schema", {}), role, what)

    def _schemas(self, old: _Object, new: _Object, role: Role, what: str) -> Iterator[str]:
        for change in changes_between({**old, "$defs": _components(self._old)}, {**new, "$defs": _components(self._new)}):
            if change.breaks(role):
                yield f"{what}: {change.where or 'the whole'} {change.what}"


def _components(document: _Object) -> Mapping[str, _Object]:
    found: Mapping[str, _Object] = document.get("components", {}).get("schemas", {})
    return found


def _by_place(operation: _Object) -> dict[str, _Object]:
    return {f"{one['in']} parameter {one['name']}": one for one in operation.get("parameters", [])}


def _some(calls: list[str]) -> str:
    return f"{', '.join(calls[:2])} and {len(calls) - 2} more" if calls[2:] else ", ".join(calls)
