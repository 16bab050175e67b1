"""What an endpoint says of itself, beside its handler: the material that the OpenAPI document is made of."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
_Handler = TypeVar("_Handler", bound=Handler)

_ATTRIBUTE: Final = "operation"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the query, in the path or in a header.

    Attributes:
        name: as it is written.
        schema: JSON Schema of its value.
        place: where it stands.
        text_da: what it does, in Danish.
        text_en: the same in English.
        required: whether it must be there; one in the path always must.
        example: a value that works.
    """

    name: str
    schema: Mapping[str, Any]
    place: Literal["query", "path", "header"]
    text_da: str
    text_en: str
    required: bool = False
    example: object = None


@dataclass(frozen=True, slots=True)
class Header:
    """A header of an answer."""

    name: str
    text_da: str
    text_en: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or answered, where a model alone does not say it.

    Attributes:
        model: what pydantic makes a schema of (a model, a list of them, a union); None: bytes of the media types.
        media_types: one or more; the first is the usual one.
        examples: by name.
        headers: of an answer.
        required: of a request: whether there must be a body.
        text_da: of an answer: when it is given, in Danish.
        text_en: the same in English.
    """

    model: Any = None
    media_types: tuple[str, ...] = ("application/json",)
    examples: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[Header, ...] = ()
    required: bool = True
    text_da: str | None = None
    text_en: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint in words and models.

    Attributes:
        summary_da: what it does, in Danish.
        summary_en: the same in English.
        request: model of the body, or a `Body`; None: no body.
        responses: by status: a model, a `Body`, or None for an answer without a body.
        parameters: those beside the parts of the path that need no words of their own.
        tags: under which heading it stands.
        problems: the statuses of the problems that a caller may meet, beside those that every endpoint has.
    """

    summary_da: str
    summary_en: str
    request: Any = None
    responses: Mapping[int, Any] = field(default_factory=lambda: {200: None})
    parameters: tuple[Parameter, ...] = ()
    tags: tuple[str, ...] = ()
    problems: tuple[int, ...] = ()


def operation(
    *,
    summary_da: str,
    summary_en: str,
    request: Any = None,  # noqa: ANN401 - whatever pydantic makes a schema of
    responses: Mapping[int, Any] | None = None,
    parameters: Sequence[Parameter] = (),
    tags: Sequence[str] = (),
    problems: Sequence[int] = (),
) -> Callable[[_Handler], _Handler]:
    """Describe a handler; it stays the same function. See `Operation` for the arguments."""
    described = Operation(
        summary_da, summary_en, request, dict(responses or {200: None}), tuple(parameters), tuple(tags), tuple(problems)
    )

    def attach(handler: _Handler) -> _Handler:
        setattr(handler, _ATTRIBUTE, described)
        return handler

    return attach


def operation_of(handler: object) -> Operation | None:
    """Give what a handler says of itself."""
    found = getattr(handler, _ATTRIBUTE, None)
    return found if isinstance(found, Operation) else None
