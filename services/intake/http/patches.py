"""Partial updates as a model, for the OpenAPI document: what is sent is merged into what was stated, and then read as a whole."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, create_model

from shared.contracts.drafts import VacancyDraft

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_FIXED: Final = frozenset({"offer_id", "reference"})


def _as_it_may_change(name: str, stated: FieldInfo) -> tuple[Any, FieldInfo]:
    """Take a field that may be left out, and cleared if it need not be there."""
    may_change = copy(stated)
    may_change.default, may_change.default_factory = None, None
    may_change.description, may_change.json_schema_extra = _said_of(name)
    may_change.metadata = []
    annotation: Any = Annotated[(stated.annotation, *stated.metadata)] if stated.metadata else stated.annotation
    return annotation if stated.is_required() else annotation | None, may_change


def _said_of(name: str) -> tuple[str | None, Any]:
    """Give description and unit or list of codes of a field, from where they were first said."""
    said = [base.model_fields[name] for base in VacancyDraft.__mro__ if issubclass(base, BaseModel) and name in base.model_fields]
    description = next((field.description for field in said if field.description), None)
    return description, next((field.json_schema_extra for field in said if field.json_schema_extra), None)


_fields: Final[dict[str, Any]] = {
    name: _as_it_may_change(name, stated) for name, stated in VacancyDraft.model_fields.items() if name not in _FIXED
}

VacancyPatch: Final[type[BaseModel]] = create_model(
    "VacancyPatch",
    __config__=ConfigDict(extra="forbid"),
    __doc__="Some fields of a vacancy; null clears one. The offer and the reference stay as they are.",
    **_fields,
)
