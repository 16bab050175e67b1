"""Sheets over HTTP: sent in and reported on row by row, fetched, and the empty one to fill in."""

from __future__ import annotations

import asyncio
import re
import tempfile
from contextlib import AsyncExitStack, aclosing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from services.intake.domain.authority import PersonCaller, may_send
from services.intake.domain.cpr import holds_cpr_number
from services.intake.domain.outcomes import Rejected, reason
from services.intake.http.asking import caller_of
from services.intake.http.handling import intake_of
from services.intake.http.outcomes import refusal
from services.intake.sheets.columns import SHEETS
from services.intake.sheets.downloading import MEDIA_TYPES
from services.intake.sheets.files import BrokenFileError
from services.intake.sheets.source import Source
from services.intake.sheets.templates import template
from services.intake.sheets.uploading import AnotherFileError, Asked, SupersededError
from shared.contracts.receipt import Reason
from shared.web import Body, FieldError, Header, Parameter, Problem, Text, operation

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from starlette.requests import Request

    from services.intake.domain.authority import Caller
    from services.intake.sheets.columns import Sheet
    from services.intake.sheets.downloading import Downloading
    from services.intake.sheets.files import Format
    from services.intake.sheets.uploading import Gone, Told, Uploading
    from shared.contracts.submission import SubmissionKind

MOST_SHEET_BYTES: Final = 512 * 1024**2
_NAME: Final = r"[\w .-]{1,100}"
_ID: Final = r"[0-9A-Za-z][0-9A-Za-z._-]{2,63}"
_FORMATS: Final[dict[str, Format]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "text/plain": "csv",
    "application/vnd.ms-excel": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/jsonlines": "jsonl",
}
"""By media type; what browsers call a CSV file where Excel is installed is among them."""


class SheetReason(Reason):
    """What is wrong with a row, by the heading of its column as this sheet has it."""

    column: str | None = Field(default=None, description="Heading of the column; None: the row as a whole, or no table")
    field: str | None = Field(default=None, description="Path of the field")


class SheetReportLine(BaseModel):
    """A line of a report. The first has `upload`, the last `summary`; those between are about rows."""

    model_config = ConfigDict(extra="allow")

    upload: str | None = Field(default=None, description="First line: the id under which the upload can be gone on with")
    row: int | None = Field(default=None, description="Number of the row as a spreadsheet counts")
    reference: str | None = Field(default=None, description="Reference of the row, where it could be read")
    outcome: str | None = Field(default=None, description="accepted, unchanged, rejected, or interrupted")
    errors: list[SheetReason] = Field(default=[], description="Every reason of a refusal")
    gone: str | None = Field(default=None, description="Reference of a row that the sheet before had and this one lacks")
    twice: dict[str, Any] | None = Field(default=None, description="A reference that stands in several rows, and in which")
    summary: dict[str, Any] | None = Field(default=None, description="Last line: how many rows became what")


_KIND: Final = Parameter(
    "kind", {"type": "string", "enum": list(SHEETS)}, "path", "Hvad rækkerne er.", "What the rows are.", required=True
)
_ANOTHER_FILE: Final = Text(
    "Upload-id'et hører til et andet ark, eller filen er ændret; brug et nyt id.",
    "The upload id belongs to another sheet, or the file has changed; use a new id.",
)
_LATER_SHEET: Final = Text(
    "Et nyere ark af samme navn er taget imens; gælder dette, så send det med et nyt id.",
    "A later sheet of the same name was taken meanwhile; if this one is right, send it under a new id.",
)
_FLAG: Final = {"type": "string", "enum": ["true", "false"]}


def routes() -> list[Route]:
    """What can be done with sheets."""
    return [
        Route("/sheets/{kind}", upload_sheet, methods=["POST"]),
        Route("/sheets/{kind}/template.xlsx", sheet_template),
        Route("/sheets/{kind}.{form}", download_sheet),
    ]


@operation(
    summary_da="Indsend et ark: CSV, .xlsx eller JSON-linjer. Svaret er en linje JSON pr. række, efterhånden som de tages.",
    summary_en="Send a sheet: CSV, .xlsx or JSON lines. The answer is a line of JSON per row, as they are taken.",
    request=Body(media_types=tuple(_FORMATS)),
    responses={200: Body(SheetReportLine, ("application/x-ndjson",), headers=(Header("X-Ledigplads-Upload", "Indsendelsens id.", "Id of the upload."),))},
    parameters=(
        _KIND,
        Parameter("sheet", {"type": "string", "pattern": "^[\\w .-]{1,100}$"}, "query",
            "Arkets navn: det næste af samme navn sammenlignes med det. Standard er ark.",
            "The sheet's name: the next one of that name is compared with it. The default is ark.", example="pladser"),
        Parameter("upload", {"type": "string", "pattern": f"^{_ID}$"}, "query",
            "Id; samme fil sendt igen med samme id fortsætter bag det, der er gjort.",
            "Id; the same file sent again under the same id goes on behind what is done."),
        Parameter("dry_run", _FLAG, "query", "true: prøv kun; intet gemmes.", "true: only try; nothing is kept."),
        Parameter("gone", {"type": "string", "enum": ["report", "withdraw"]}, "query",
            "Rækker, som sidste ark havde og dette mangler: nævn dem, eller træk dem tilbage.",
            "Rows that the sheet before had and this one lacks: tell them, or withdraw them."),
        Parameter("report", {"type": "string", "enum": ["all", "changed", "rejected"]}, "query",
            "Hvilke rækker rapporten nævner.", "Which rows the report tells."),
    ),
    tags=("sheets",),
    problems=(400, 403, 404, 409, 413, 415, 422),
)  # fmt: skip
async def upload_sheet(request: Request) -> Response:
    """Take a sheet; its rows are answered as they are stored."""
    sheet = _sheet(request)
    form = _FORMATS.get(request.headers.get("Content-Type", "").partition(";")[0].strip().lower())
    if form is None:
        known = ", ".join(_FORMATS)
        wrong = FieldError("Content-Type", "media_type", f"skal være en af {known}", f"must be one of {known}")
        raise Problem(415, detail=Text(f"Send {known}.", f"Send {known}."), errors=[wrong])
    asked = await _asked(request)
    _must_be_granted(asked.caller, sheet)
    async with AsyncExitStack() as until_told:
        file = until_told.enter_context(_temporary())
        await _spool(request, file)
        source = await asyncio.to_thread(_opened, Path(file.name), form, sheet)
        uploading: Uploading = request.state.uploading
        try:
            upload = await uploading.begin(sheet, source, asked)
        except AnotherFileError as error:
            raise Problem(409, detail=_ANOTHER_FILE) from error
        except SupersededError as error:
            raise Problem(409, detail=_LATER_SHEET) from error
        report = _until_told(uploading.report(sheet, source, upload, asked), until_told.pop_all())
    return StreamingResponse(report, media_type="application/x-ndjson", headers={"X-Ledigplads-Upload": upload.upload_id})


@operation(
    summary_da="Et tomt ark til at udfylde, med lister at vælge fra.",
    summary_en="An empty sheet to fill in, with lists to choose from.",
    responses={200: Body(media_types=(MEDIA_TYPES["xlsx"],))},
    parameters=(_KIND,),
    tags=("sheets",),
    problems=(404,),
)
async def sheet_template(request: Request) -> Response:
    """Give the empty sheet of a kind."""
    sheet = _sheet(request)
    content = await asyncio.to_thread(template, sheet)
    return Response(content, media_type=MEDIA_TYPES["xlsx"], headers=_attached(f"{sheet.kind}-skabelon.xlsx"))


@operation(
    summary_da="Det åbne som ark; sendt uændret tilbage ændrer det intet.",
    summary_en="What is open as a sheet; sent back as it is, it changes nothing.",
    responses={200: Body(media_types=tuple(MEDIA_TYPES.values()))},
    parameters=(
        _KIND,
        Parameter("form", {"type": "string", "enum": list(MEDIA_TYPES)}, "path", "Filens slags.", "Kind of file.", required=True),
    ),
    tags=("sheets",),
    problems=(403, 404),
)
async def download_sheet(request: Request) -> Response:
    """Give what is open as a sheet."""
    sheet = _sheet(request)
    form: Format | None = next((known for known in MEDIA_TYPES if known == request.path_params["form"]), None)
    if form is None:
        raise Problem(404)
    downloading: Downloading = request.state.downloading
    caller = await caller_of(request)
    _must_be_granted(caller, sheet)
    content = downloading.sheet(sheet, form, caller)
    return StreamingResponse(content, media_type=MEDIA_TYPES[form], headers=_attached(f"{sheet.kind}.{form}"))


def _must_be_granted(caller: Caller, sheet: Sheet) -> None:
    """Refuse a person's sheet of a kind that is not theirs: places are the offers', needs the municipalities'. A partner hears by row.

    Raises:
        Problem: 403.
    """
    if isinstance(caller, PersonCaller) and (refused := may_send(caller, _SENT_AS[sheet.kind])):
        raise refusal(Rejected(tuple(refused)))


_SENT_AS: Final[dict[str, SubmissionKind]] = {"offers": "offer", "vacancies": "vacancy", "needs": "need"}


async def _until_told(report: AsyncGenerator[bytes, None], held: AsyncExitStack) -> AsyncIterator[bytes]:
    """Keep the file until the report is told, or nobody listens to it any more."""
    async with held, aclosing(report) as lines:
        async for line in lines:
            yield line


async def _asked(request: Request) -> Asked:
    """Read how the sheet is to be taken; what is not known is an error: `dryrun=true` must not change anything."""
    given = request.query_params
    wrong = [
        FieldError(
            name if name in _KNOWN else "",
            "unknown_value",
            "kan ikke bruges; se /openapi.json",
            "cannot be used; see /openapi.json",
        )
        for name, value in given.multi_items()
        if name not in _KNOWN or len(given.getlist(name)) > 1 or not re.fullmatch(_KNOWN[name], value)
    ]
    # These are kept, and noted in logs.
    wrong += [_cpr_number(name) for name in ("upload", "sheet") if holds_cpr_number(given.get(name, ""))]
    if wrong:
        raise Problem(400, errors=wrong)
    gone: Gone = "withdraw" if given.get("gone") == "withdraw" else "report"
    return Asked(
        given.get("upload") or intake_of(request).new_id(),
        given.get("sheet", "ark"),
        given.get("dry_run") == "true",
        await caller_of(request),
        gone,
        _TOLD[given.get("report", "all")],
    )


def _cpr_number(name: str) -> FieldError:
    refused = reason("cpr_number", name)
    return FieldError(name, refused.code, refused.text_da, refused.text_en)


_TOLD: Final[dict[str, Told]] = {"all": "all", "changed": "changed", "rejected": "rejected"}
_KNOWN: Final = {
    "sheet": _NAME,
    "upload": _ID,
    "dry_run": "true|false",
    "gone": "report|withdraw",
    "report": "|".join(_TOLD),
}


@contextmanager
def _temporary() -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(prefix="ledigplads-sheet-") as file:
        yield file


async def _spool(request: Request, file: IO[bytes]) -> None:
    """Keep what is sent in a file: it is read twice (which encoding?), and an .xlsx from its end."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_SHEET_BYTES:
            raise Problem(413)
        file.write(chunk)
    file.flush()


def _opened(file: Path, form: Format, sheet: Sheet) -> Source:
    try:
        source = Source(file, form, sheet)
    except BrokenFileError as error:
        raise Problem(422, errors=[FieldError("", "file_broken", error.text_da, error.text_en)]) from error
    _refuse_missing_columns(source)
    return source


def _refuse_missing_columns(source: Source) -> None:
    if source.layout is None or not (missing := source.layout.missing):
        return
    errors = [
        FieldError(column.path, "column_missing", f"kolonnen {column.da.replace('{n}', '1')} mangler", f"the column {column.en.replace('{n}', '1')} is missing")
        for column in missing
    ]  # fmt: skip
    raise Problem(422, errors=errors)


def _sheet(request: Request) -> Sheet:
    sheet = SHEETS.get(request.path_params["kind"])
    if sheet is None:
        raise Problem(404)
    return sheet


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
