"""The code lists over HTTP, for everyone: they change with a release only, so a caller that has them asks by ETag."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.responses import Response
from starlette.routing import Route

from shared.contracts import reference
from shared.web import Body, FieldError, Header, Parameter, Problem, Text, operation

if TYPE_CHECKING:
    from starlette.requests import Request

    from shared.contracts.reference import Coded, CodeList, Former

_KEEP: Final = "public, max-age=3600, stale-while-revalidate=86400"
"""An hour: a new list comes with a new release, and a code is checked by intake itself when it is used."""
_TAGS: Final = ("codes",)
_OUR_NOTES: Final = frozenset({"seed_name", "hard_conditions"})
"""Of an item, what we have noted for ourselves while the lists were made."""
_IF_NONE_MATCH: Final = Parameter(
    "If-None-Match", {"type": "string"}, "header", "Det ETag, du har i forvejen.", "The ETag that you have already."
)
_HEADERS: Final = (Header("ETag", "Mærket på listens indhold", "The tag of the content"),)
_OUTDATED: Final = Text("Koden bruges ikke længere", "The code is no longer used")
_DENMARK: Final = ZoneInfo("Europe/Copenhagen")


class CodeListHead(BaseModel):
    """One list, without its codes."""

    name: str = Field(description="Its name in the address")
    title_da: str
    title_en: str
    source: str = Field(description="Who says so")
    version: str = Field(description="As the source names it")
    version_date: date
    valid_from: date | None = Field(description="First day; null: before anybody asks")
    valid_to: date | None = Field(description="Last day; null: until further notice")
    count: int = Field(description="How many codes it has")


class CodeItem(BaseModel):
    """One code; beside these stand the fields that its list has of its own (parent, law, section, regions, …)."""

    model_config = ConfigDict(extra="allow")

    code: str
    label_da: str
    label_en: str
    valid_from: date | None = Field(description="First day; null: as the list")
    valid_to: date | None = Field(description="Last day; null: as the list")


class FormerCode(BaseModel):
    """A code that is refused, and what to use instead."""

    code: str
    label_da: str
    label_en: str
    valid_to: date | None = Field(description="The last day it was valid; null: it never was")
    replaced_by: list[str]
    why_da: str
    why_en: str


class CodeLists(BaseModel):
    """All lists."""

    lists: list[CodeListHead]


class CodeListDocument(CodeListHead):
    """One list with everything in it."""

    items: list[CodeItem]
    former: list[FormerCode]


def routes() -> list[Route]:
    """What can be asked of the lists."""
    return [
        Route("/codes", get_code_lists),
        Route("/codes/{code_list}", get_code_list),
        Route("/codes/{code_list}/{code}", get_code),
    ]


@operation(
    summary_da="Alle kodelister med kilde og version",
    summary_en="All code lists with source and version",
    responses={200: Body(CodeLists, headers=_HEADERS), 304: None},
    parameters=[_IF_NONE_MATCH],
    tags=_TAGS,
)
async def get_code_lists(request: Request) -> Response:
    """Say which lists there are."""
    return _answer(request, _lists())


@operation(
    summary_da="En kodeliste: koder med danske og engelske navne, og de koder, der ikke gælder mere",
    summary_en="One code list: codes with Danish and English labels, and the codes that are valid no more",
    responses={200: Body(CodeListDocument, headers=_HEADERS), 304: None},
    parameters=[_IF_NONE_MATCH],
    tags=_TAGS,
    problems=[404],
)
async def get_code_list(request: Request) -> Response:
    """Give one list."""
    return _answer(request, _list(_named(request)))


@operation(
    summary_da="En kode; en ukendt eller forældet kode besvares med dem, der nærmest passer",
    summary_en="One code; an unknown or outdated one is answered with the nearest that are valid",
    responses={200: Body(CodeItem, headers=_HEADERS), 304: None},
    parameters=[_IF_NONE_MATCH],
    tags=_TAGS,
    problems=[404, 410],
)
async def get_code(request: Request) -> Response:
    """Give one code, or say what to use instead."""
    name, code = _named(request), request.path_params["code"]
    refusal = reference.refusal_of(code, name, datetime.now(_DENMARK).date())
    item = reference.code_lists()[name].items.get(code)
    if item is not None:  # also one that is valid on other days only: its dates say so
        return _answer(request, orjson.dumps(_item(item)))
    context = (refusal.context if refusal else None) or {}
    gone = refusal is not None and refusal.type == "code_out_of_date"
    error = FieldError("code", "code_out_of_date" if gone else "unknown_code", context["text_da"], context["text_en"])
    if not gone:
        raise Problem(404, errors=[error])
    instead = context["nearest"]
    use = (
        Text(f"Brug {instead}.", f"Use {instead}.")
        if instead
        else Text(f"Se listen /codes/{name}.", f"See the list /codes/{name}.")
    )
    raise Problem(410, _OUTDATED, use, errors=[error])


def _named(request: Request) -> str:
    name: str = request.path_params["code_list"]
    lists = reference.code_lists()
    if name not in lists:
        known = ", ".join(lists)
        raise Problem(
            404, errors=[FieldError("code_list", "unknown_code", f"skal være en af {known}", f"must be one of {known}")]
        )
    return name


def _answer(request: Request, body: bytes) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": _KEEP}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _has(if_none_match: str, tag: str) -> bool:
    """Compare weakly, as RFC 9110 asks for If-None-Match: a cache on the way may have weakened the tag."""
    tags = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in tags or tag in tags


@cache
def _lists() -> bytes:
    return orjson.dumps({"lists": [_head(one) for one in reference.code_lists().values()]})


@cache
def _list(name: str) -> bytes:
    codes = reference.code_lists()[name]
    former = [_former(one) for one in reference.former_codes().items.values() if name in one.lists]
    return orjson.dumps(_head(codes) | {"items": [_item(one) for one in codes.items.values()], "former": former})


def _head(codes: CodeList[Coded]) -> dict[str, Any]:
    head = {name: getattr(codes, name) for name in CodeListHead.model_fields if name != "count"}
    return head | {"count": len(codes.items)}


def _item(item: Coded) -> dict[str, Any]:
    """Write an item with the fields that every one has first; a kommune's label is its name, a kind's code its id."""
    own: dict[str, Any] = TypeAdapter(type(item)).dump_python(item, mode="json")
    told = {name: value for name, value in own.items() if name not in _OUR_NOTES}
    return {"code": item.code, "label_da": item.label_da, "label_en": item.label_en} | told


def _former(former: Former) -> dict[str, Any]:
    return {name: getattr(former, name) for name in FormerCode.model_fields}
