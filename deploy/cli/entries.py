"""Files that people post: JSON, JSON lines or YAML, one entry or many."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import orjson
import yaml

from deploy.cli.exits import UsageError
from deploy.simulate.partner_channel import Submission

_PREFIX, _SUFFIX = "dk.ledigplads.", ".v1"
_KNOWN = frozenset({"type", "id", "subject", "key", "data", "raw"})

Entry = dict[str, Any]


def read_entries(path: str) -> list[Entry]:
    """Read the objects of a file; `-` is stdin, which is read as JSON lines.

    Raises:
        UsageError: there is no such file, or it is not of its form.
    """
    content = _content(path)
    try:
        found = _parsed(content, Path(path).suffix)
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {' '.join(str(error).split())}.") from error
    given = found if isinstance(found, list) else [found]
    entries = [entry for entry in given if isinstance(entry, dict)]
    if not entries or len(entries) != len(given):
        raise UsageError(f"{path} must hold an object, or a list of objects.")
    return entries


def submission(entry: Entry, number: int) -> Submission:
    """Turn an entry `{"type", "id"?, "subject"?, "key"?, "data" | "raw"}` into a submission.

    `type` may be short: `vacancy.submitted` is `dk.ledigplads.vacancy.submitted.v1`. Without an id the submission is a new one each
    time it is posted; what it does twice is nothing, because the reference in its data names the same vacancy or need. The key is the
    partner's own reference. `raw` is sent as it stands, JSON or not.

    Raises:
        UsageError: it is not of that form.
    """
    where = f"Entry {number}"
    if unknown := sorted(set(entry) - _KNOWN):
        raise UsageError(f"{where} has {', '.join(unknown)}; an entry has type, data, and maybe id, subject and key.")
    if not isinstance(entry.get("type"), str):
        raise UsageError(f'{where} has no type, such as "vacancy.submitted".')
    if ("data" in entry) == ("raw" in entry):
        raise UsageError(f"{where} must have data (or raw, for bytes that are no JSON).")
    data = entry.get("data")
    given = str(entry["id"]) if "id" in entry else str(uuid.uuid4())
    subject = str(entry["subject"]) if "subject" in entry else None
    return Submission(
        id=given,
        type=_whole_type(entry["type"]),
        key=str(entry.get("key") or _reference(data) or subject or given),
        value=str(entry["raw"]).encode() if "raw" in entry else _as_json(data, where),
        subject=subject,
    )


def _whole_type(given: str) -> str:
    return given if given.startswith(_PREFIX) else f"{_PREFIX}{given}{_SUFFIX}"


def _reference(data: object) -> str | None:
    if not isinstance(data, dict):
        return None
    found = data.get("reference") or data.get("source_reference")
    return found if isinstance(found, str) else None


def _as_json(data: object, where: str) -> bytes:
    """Write what YAML gave: its dates become text."""
    try:
        return orjson.dumps(data)
    except TypeError as error:
        raise UsageError(f"{where} holds what JSON cannot: {error}.") from error


def _content(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{path} cannot be read: {why}.") from error


def _parsed(content: str, suffix: str) -> object:
    if suffix in {".yaml", ".yml"}:
        documents = [document for document in yaml.safe_load_all(content) if document is not None]
        return documents[0] if len(documents) == 1 else documents
    if suffix == ".json":
        return json.loads(content)
    return [json.loads(row) for row in content.splitlines() if row.strip()]
