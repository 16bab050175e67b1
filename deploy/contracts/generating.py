"""Everything under docs/contracts, as it should be now; and what of it differs from what is committed."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from deploy.contracts.asyncapi import asyncapi_document
from deploy.contracts.calls import breaks_of_calls
from deploy.contracts.pages import index, page
from deploy.contracts.schemas import schemas
from deploy.contracts.topology import additions_between, breaks_between
from services.intake.routes import document as openapi_document
from shared.contracts.events import EVENTS
from shared.messaging.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deploy.contracts.shapes import Schema
    from deploy.contracts.topology import Break

SCHEMAS: Final = "schemas"
_EXAMPLES: Final = "tests/contract/golden"
_OPENAPI: Final = "openapi.json"
_TOPICS: Final = "deploy/topics.yaml"


class MissingExampleError(Exception):
    """An event has no golden example."""


class Contracts:
    """The contracts of a checkout: what the code says, and what is committed.

    Args:
        checkout: where the repository lies.
        folder: where the documents lie; by default docs/contracts of the checkout.
    """

    def __init__(self, checkout: Path, folder: Path | None = None) -> None:
        self.folder = folder or checkout / "docs" / "contracts"
        self._topics = load_topics(checkout / _TOPICS)
        self._schemas = schemas(self._topics, _examples(checkout / _EXAMPLES))

    def files(self) -> dict[str, str]:
        """Make every file, by its path under the folder."""
        document = asyncapi_document(self._topics, self._schemas, version=version("ledigplads"))
        return {
            "README.md": index(self._topics, self._schemas),
            "asyncapi.json": _json(document),
            _OPENAPI: _json(openapi_document(codes={})),
            **{f"{SCHEMAS}/{name}.json": _json(schema) for name, schema in self._schemas.items()},
            **{f"events/{event.name}.md": page(event, self._topics, self._schemas[event.schema]) for event in EVENTS},
        }

    def breaks(self) -> list[Break]:
        """Find what the committed documents promise and the code does not keep."""
        return [
            *breaks_between(self.committed(), self._schemas),
            *breaks_of_calls(self._committed_calls(), openapi_document(codes={})),
        ]

    def additions(self) -> list[str]:
        """Tell what else is different."""
        return additions_between(self.committed(), self._schemas)

    def committed(self) -> dict[str, Schema]:
        """Read the schemas as they are committed, by name."""
        return {
            path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((self.folder / SCHEMAS).glob("*.json"))
        }

    def _committed_calls(self) -> dict[str, Any]:
        path = self.folder / _OPENAPI
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def stale(self) -> list[str]:
        """Name the files that are not as they would be made now, those that would not be made among them."""
        made, found = self.files(), self._found()
        return sorted(name for name in made.keys() | found.keys() if made.get(name) != found.get(name))

    def write(self) -> list[str]:
        """Make the folder what it should be, and name what changed."""
        stale, made = self.stale(), self.files()
        for name in stale:
            path = self.folder / name
            if name in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(made[name], encoding="utf-8")
            else:
                path.unlink()
        return stale

    def _found(self) -> dict[str, str]:
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def _examples(folder: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name in dict.fromkeys(event.schema for event in EVENTS):
        path = folder / f"{name}.json"
        if not path.is_file():
            raise MissingExampleError(f"There is no golden example of {name}: write {_EXAMPLES}/{name}.json.")
        found[name] = json.loads(path.read_text(encoding="utf-8"))["whole"]
    return found


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
