"""A policy file on its way to become the policy: read strictly, and every fault told with its line and what to do."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from deploy.cli.exits import UsageError
from services.matching.domain.policy_faults import Fault, faults
from shared.contracts.settings import Policy
from shared.web.validation import field_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.matching.domain.policy_faults import Path as FieldPath


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, where it stands in the file."""

    line: int | None
    field: str
    text_da: str
    text_en: str

    def as_json(self) -> dict[str, Any]:
        """Give the finding in its documented shape."""
        return {"line": self.line, "field": self.field, "text_da": self.text_da, "text_en": self.text_en}

    def as_text(self, file: str) -> str:
        """Write the finding as compilers do, so that an editor can go there."""
        where = file if self.line is None else f"{file}:{self.line}"
        return f"{where}: {self.field} {self.text_da}. / {self.field} {self.text_en}."


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a file."""

    policy: Policy | None
    """None: the contract refuses it."""
    findings: list[Finding]
    root: yaml.Node | None
    """The file as YAML read it, which knows the lines."""

    def at(self, fault: Fault) -> Finding:
        """Find the line of a fault."""
        return _finding(self.root, fault)


def read_policy_file(path: str) -> Reading:
    """Read a policy strictly: intake itself would ignore a misspelt field, as readers of a topic must.

    Raises:
        UsageError: there is no such file, or it is no YAML.
    """
    text = _content(path)
    try:
        loader = yaml.CSafeLoader(text)
        root = loader.get_single_node()
        document = None if root is None else loader.construct_document(root)
    except yaml.YAMLError as error:
        raise UsageError(f"{path} kan ikke læses som YAML. / {path} is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} skal være et objekt med felter. / {path} must be an object with fields.")
    found = [*_written_twice(root, ()), *_unknown(Policy, document, ())]
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        found += _refused(error)
    else:
        found += faults(policy)
    return Reading(policy, sorted((_finding(root, one) for one in found), key=lambda one: one.line or 0), root)


def usable_policy(path: str) -> Policy:
    """Read a policy that the contract takes; what else is wrong with it is `ledigplads policy check`'s to tell.

    Raises:
        UsageError: the file is not there, or not of its form; the first fault is told.
    """
    reading = read_policy_file(path)
    if reading.policy is None:
        raise UsageError(f"{reading.findings[0].as_text(path)} (ledigplads policy check {path})")
    return reading.policy


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{path} kan ikke læses. / {path} cannot be read: {why}.") from error


def _refused(error: ValidationError) -> Iterator[Fault]:
    said = {
        ".".join(map(str, one["loc"])): (one["loc"], one["msg"])
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    }
    for one in field_errors(error):
        path, message = said[one.field]
        # A validator that looks at several fields says what is wrong in a sentence of its own.
        yield Fault(path, one.text_da, message if one.code == "value_error" else one.text_en)


# --- what YAML and the contract would pass over in silence ------------------------------------------------------------


def _written_twice(node: yaml.Node | None, path: FieldPath) -> Iterator[Fault]:
    """Find names that stand twice in one object: YAML takes the last and says nothing."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            inner = (*path, key.value)
            if key.value in seen:
                yield Fault(inner, "står to gange; behold én", "stands twice; keep one")
            seen.add(key.value)
            yield from _written_twice(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _written_twice(value, (*path, place))


def _unknown(model: type[BaseModel], document: object, path: FieldPath) -> Iterator[Fault]:
    """Find fields that the contract does not know, each with the known one that it may be meant for."""
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        inner = (*path, str(name))
        field = model.model_fields.get(name)
        if field is None:
            near = difflib.get_close_matches(str(name), model.model_fields, n=1)
            yield Fault(
                inner,
                "kendes ikke" + (f"; mente du {near[0]}?" if near else ""),
                "is not known" + (f"; did you mean {near[0]}?" if near else ""),
            )
        elif (nested := _model_in(field.annotation)) is not None:
            if isinstance(value, list):
                for place, piece in enumerate(value):
                    yield from _unknown(nested, piece, (*inner, place))
            else:
                yield from _unknown(nested, value, inner)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Give the model that a field holds, alone, in a list or beside null."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


# --- where it stands --------------------------------------------------------------------------------------------------


def _finding(root: yaml.Node | None, fault: Fault) -> Finding:
    return Finding(_line(root, fault.path), _written(fault.path), fault.text_da, fault.text_en)


def _line(root: yaml.Node | None, path: FieldPath) -> int | None:
    """Give the line of a field, or of the innermost piece that holds it where it is missing."""
    node, line = root, None
    for step in path:
        found = _inside(node, step)
        if found is None:
            break
        line, node = found
    return None if line is None else line + 1


def _inside(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        # The last of two, which is the one that counts.
        return next(((key.start_mark.line, value) for key, value in reversed(node.value) if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None


def _written(path: FieldPath) -> str:
    """Write a path as `parts[2].max_points`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
