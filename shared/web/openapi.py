"""The OpenAPI 3.1 document of a service, made of its routes, what they say of themselves (`operation`) and pydantic's schemas."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from starlette.routing import BaseRoute, Route

from shared.web.codes import reachable, with_codes
from shared.web.operations import Body, Header, Operation, Parameter, operation, operation_of
from shared.web.problems import MEDIA_TYPE as PROBLEM_MEDIA_TYPE
from shared.web.problems import words_of

__all__ = ["Body", "Header", "Operation", "Parameter", "UndescribedRoute", "openapi_document", "operation"]

_VERSION: Final = "3.1.1"
_ALWAYS: Final = (405, 500, 503)
_WITH_BODY: Final = (400, 413, 415, 422)
_Schemas = Mapping[tuple[str, JsonSchemaMode], dict[str, Any]]


class UndescribedRoute(ValueError):  # noqa: N818 - reads as what it is
    """A route whose handler carries no `operation` cannot stand in the document; describe it."""


class ProblemError(BaseModel):
    """One thing that is wrong, at its field."""

    field: str = Field(
        description="Path of the field, such as `sections[0].section`, or the name of a header or parameter; empty: all of it"
    )
    code: str = Field(description="A stable name for machines")
    text_da: str = Field(description="What is wrong and what to do, in Danish")
    text_en: str = Field(description="The same in English")


class ProblemDocument(BaseModel):
    """An error as RFC 9457 has it; title and detail are in the language of Accept-Language (Danish by default)."""

    type: str = Field(description="about:blank: the status says what kind it is")
    status: int = Field(ge=400, le=599, description="The HTTP status")
    title: str = Field(description="What kind of problem, the same every time")
    detail: str = Field(description="What the caller can do about it")
    errors: list[ProblemError] = Field(description="Every field that is wrong; never its value")
    correlation_id: str | None = Field(description="What to tell the operators")


_ACCEPT_LANGUAGE: Final = Parameter(
    "Accept-Language",
    {"type": "string"},
    "header",
    "Sproget i fejlbeskeder: da (standard) eller en.",
    "The language of problems: da (the default) or en.",
    example="en",
)


def openapi_document(
    routes: Sequence[BaseRoute],
    *,
    title: str,
    version: str,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    codes: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Make the document.

    Args:
        routes: those to describe; each handler carries its `operation`.
        title: of the service.
        version: of the document.
        description: Markdown.
        tags: headings with their text, in order.
        codes: the lists that `x-codes` names. What is sent must hold their codes; what is answered may hold later ones.

    Raises:
        UndescribedRoute: naming the route.
    """
    described = [(route, _operation(route)) for route in routes if isinstance(route, Route)]
    schemas, components = _schemas([found for _, found in described])
    components = components | with_codes(components, _sent_only(schemas, components), codes or {})
    paths: dict[str, dict[str, Any]] = {}
    for route, found in described:
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(route.path_format, {})[method.lower()] = _described(route, found, schemas)
    return {
        "openapi": _VERSION,
        "info": {
            "title": title,
            "version": version,
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in (tags or {}).items()],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(route: Route) -> Operation:
    found = operation_of(route.endpoint)
    if found is None:
        raise UndescribedRoute(f"{'/'.join(sorted(route.methods or ()))} {route.path} has no @operation.")
    return found


def _described(route: Route, found: Operation, schemas: _Schemas) -> dict[str, Any]:
    document: dict[str, Any] = {
        "operationId": route.endpoint.__name__,
        "summary": found.summary_en,
        "description": f"{found.summary_da}\n\n{found.summary_en}",
        "tags": list(found.tags),
        "parameters": [_parameter(parameter) for parameter in _parameters(route, found)],
        "responses": _responses(found, schemas),
    }
    if found.request is not None:
        body = _as_body(found.request)
        document["requestBody"] = {"required": body.required, "content": _content(body, schemas, "validation")}
    return document


def _parameters(route: Route, found: Operation) -> list[Parameter]:
    """List those of the operation, and the parts of the path and the language that it did not mention."""
    named = {(parameter.place, parameter.name) for parameter in found.parameters}
    in_path = [
        Parameter(name, {"type": "string"}, "path", name, name, required=True)
        for name in route.param_convertors
        if ("path", name) not in named
    ]
    return [*in_path, *found.parameters, _ACCEPT_LANGUAGE]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    document = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required or parameter.place == "path",
        "description": f"{parameter.text_da} · {parameter.text_en}",
        "schema": dict(parameter.schema),
    }
    return document if parameter.example is None else document | {"example": parameter.example}


def _responses(found: Operation, schemas: _Schemas) -> dict[str, Any]:
    answers = {str(status): _answer(status, _as_body(body), schemas) for status, body in sorted(found.responses.items())}
    with_body = _WITH_BODY if found.request is not None else ()
    with_parameters = (400,) if any(parameter.place != "path" for parameter in found.parameters) else ()
    statuses = sorted({*found.problems, *with_body, *with_parameters, *_ALWAYS})
    problem = {"content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}}
    return {str(status): {"description": _of_status(status)} | problem for status in statuses} | answers


def _answer(status: int, body: Body, schemas: _Schemas) -> dict[str, Any]:
    words = words_of(status).title
    usual = _USUAL.get(status, (words.da, words.en))
    text_da, text_en = body.text_da or usual[0], body.text_en or usual[1]
    document: dict[str, Any] = {"description": _bilingual(text_da, text_en)}
    if body.headers:
        document["headers"] = {
            header.name: {"description": _bilingual(header.text_da, header.text_en), "schema": dict(header.schema)}
            for header in body.headers
        }
    if content := _content(body, schemas, "serialization"):
        document["content"] = content
    return document


_USUAL: Final[Mapping[int, tuple[str, str]]] = {
    200: ("Gjort, eller fundet", "Done, or found"),
    201: ("Oprettet", "Created"),
    202: ("Modtaget", "Taken in"),
    204: ("Gjort; der er intet at sige", "Done; there is nothing to say"),
    304: ("Uændret siden det mærke, du kender", "Unchanged since the tag that you have"),
}


def _content(body: Body, schemas: _Schemas, mode: JsonSchemaMode) -> dict[str, Any]:
    if body.model is None and body.media_types == ("application/json",):
        return {}
    media: dict[str, Any] = {}
    if body.model is not None:
        media["schema"] = schemas[_key(body.model), mode]
    if body.examples:
        media["examples"] = {name: {"value": value} for name, value in body.examples.items()}
    return dict.fromkeys(body.media_types, media)


def _schemas(operations: Sequence[Operation]) -> tuple[_Schemas, dict[str, Any]]:
    wanted: dict[tuple[str, JsonSchemaMode], Any] = {("problem", "serialization"): ProblemDocument}
    for found in operations:
        if found.request is not None and (model := _as_body(found.request).model) is not None:
            wanted[_key(model), "validation"] = model
        for body in found.responses.values():
            if (model := _as_body(body).model) is not None:
                wanted[_key(model), "serialization"] = model
    made, definitions = TypeAdapter.json_schemas(
        [(key, mode, TypeAdapter(model)) for (key, mode), model in wanted.items()],
        ref_template="#/components/schemas/{model}",
    )
    return made, definitions["$defs"]


def _sent_only(schemas: _Schemas, components: Mapping[str, Any]) -> set[str]:
    """Name the schemas of what is sent and never answered."""
    sent, answered = (
        reachable([schema for (_, mode), schema in schemas.items() if mode == wanted], components)
        for wanted in ("validation", "serialization")
    )
    return sent - answered


def _as_body(given: Any) -> Body:  # noqa: ANN401 - a model or a Body
    return given if isinstance(given, Body) else Body(given)


def _key(model: Any) -> str:  # noqa: ANN401 - whatever pydantic makes a schema of
    return (
        f"{getattr(model, '__module__', '')}.{getattr(model, '__qualname__', repr(model))}"
        if isinstance(model, type)
        else repr(model)
    )


def _of_status(status: int) -> str:
    title = words_of(status).title
    return _bilingual(title.da, title.en)


def _bilingual(text_da: str, text_en: str) -> str:
    return f"{text_da} · {text_en}"
