"""`ledigplads import` and `ledigplads template`: sheets over intake's HTTP."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import httpx2
import orjson
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.cli import output
from deploy.cli.calling import CASEWORKER, client
from deploy.cli.exits import OK, REFUSED, NotReachableError, UsageError
from deploy.cli.stack_state import find_stack
from deploy.simulate.sample import SENDER
from deploy.simulate.ways_in import raise_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from rich.table import Table

Kind = Literal["vacancies", "offers", "needs"]
Line = dict[str, Any]

_MEDIA_TYPES: Final = {
    ".csv": "text/csv",
    ".txt": "text/csv",
    ".tsv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
}
_CHUNK: Final = 256 * 1024
_MOST_SHOWN: Final = 50


async def import_(
    file: Path,
    *,
    kind: Kind = "vacancies",
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    withdraw_gone: Annotated[bool, Parameter(negative="")] = False,
    resume: str | None = None,
    sheet: str | None = None,
    partner: str | None = None,
    report: Path | None = None,
) -> int:
    """Indsend et ark. Send offers, vacancies or needs in as a sheet: CSV, .xlsx or JSON lines.

    Each row is taken by itself; what is refused is told with its row, the heading of its column and what to do about it, and then the
    command ends with 1. The same sheet again changes nothing. Try it with a trial run, and get an empty sheet with drop-downs:

        ledigplads template vacancies
        ledigplads import pladser.xlsx --dry-run

    Parameters
    ----------
    file
        .csv (any separator, UTF-8 or Latin-1), .xlsx or .jsonl.
    kind
        What the rows are.
    dry_run
        Only try: say what would be, and keep nothing.
    withdraw_gone
        Withdraw what the last sheet of this name had and this one lacks; without it that is only told.
    resume
        The id of an upload that broke off, as it said: the same file goes on behind what is done.
    sheet
        The sheet's name, by which the next one is compared with it; without it the file's.
    partner
        In the embedded stack, as which partner's system it is sent when nobody has logged in; without it as the one of the sample.
    report
        Write the whole report, a line of JSON per row, into this file.
    """
    media_type = await asyncio.to_thread(_media_type_of, file)
    upload = resume or str(uuid.uuid4())
    asked = {
        "sheet": sheet or _name(file),
        "upload": upload,
        "dry_run": str(dry_run).lower(),
        "gone": "withdraw" if withdraw_gone else "report",
    }
    demo = partner or (CASEWORKER if kind == "needs" else SENDER)
    told = _Told(report)
    rows = await asyncio.to_thread(_rows_of, file)
    try:
        async with _sent(f"/sheets/{kind}", file, asked, media_type, demo) as lines:
            with _progress() as progress:
                task = progress.add_task(file.name, total=rows)
                async for line in lines:
                    progress.advance(task, told.hear(line))
    except httpx2.HTTPError as error:
        raise NotReachableError(f"{_broke_off(upload)} ({type(error).__name__})") from error
    finally:
        told.close()
    return told.end(upload)


async def template(
    kind: Kind = "vacancies", *, to: Path | None = None, overwrite: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """Hent et tomt ark. Fetch an empty sheet to fill in, with drop-downs of codes and a page that lists them.

    Parameters
    ----------
    kind
        What the rows are to be.
    to
        The file to write; without it `KIND-skabelon.xlsx` here.
    overwrite
        Write over the file if it is there; without it a sheet that somebody has begun to fill in is kept.
    """
    target = to or Path(f"{kind}-skabelon.xlsx")
    await asyncio.to_thread(_may_write, target, overwrite=overwrite)
    url = find_stack().url("intake")
    async with client() as made:
        try:
            answer = (await made.get(f"{url}/sheets/{kind}/template.xlsx")).raise_for_status()
        except httpx2.HTTPError as error:
            raise NotReachableError(
                f"{url} did not answer ({type(error).__name__}): `ledigplads status` says what is up."
            ) from error
    await asyncio.to_thread(target.write_bytes, answer.content)
    output.text(str(target))
    return OK


def _media_type_of(file: Path) -> str:
    """Say how the sheet is to be sent, before anything is.

    Raises:
        UsageError: there is no such file, it is empty, it may not be read, or it is no sheet.
    """
    if not file.exists():
        raise UsageError(f"{file} findes ikke. / There is no file {file}.")
    if not file.is_file():
        raise UsageError(f"{file} er ikke en fil. / {file} is no file.")
    media_type = _MEDIA_TYPES.get(file.suffix.lower())
    if media_type is None:
        known = ", ".join(_MEDIA_TYPES)
        raise UsageError(
            f"{file} er ikke et ark: navnet skal ende på {known}. / {file} is no sheet: its name must end in {known}."
        )
    try:
        with file.open("rb") as opened:
            is_empty = not opened.read(1)
    except OSError as error:
        raise UsageError(f"{file} kan ikke læses. / {file} cannot be read ({type(error).__name__}).") from error
    if is_empty:
        raise UsageError(f"{file} er tom. / {file} is empty.")
    return media_type


def _may_write(target: Path, *, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise UsageError(
            f"{target} findes allerede: vælg et andet navn med --to, eller skriv over den med --overwrite. / "
            f"{target} is there already: choose another name with --to, or write over it with --overwrite."
        )
    if not target.absolute().parent.is_dir():
        raise UsageError(f"Mappen til {target} findes ikke. / There is no folder for {target}.")


class _Told:
    """What the report has said so far."""

    def __init__(self, file: Path | None) -> None:
        self._file = file.open("wb") if file is not None else None
        self._table: Table = output.table(">Række / Row", "Kolonne / Column", "Hvad er galt", "What is wrong")
        self._refused = 0
        self._gone: Counter[str] = Counter()
        self._twice: list[Line] = []
        self._ignored: list[str] = []
        self._summary: Line | None = None

    def hear(self, line: bytes) -> int:
        """Take a line of the report; says how many rows it is about."""
        if self._file is not None:
            self._file.write(line + b"\n")
        told: Line = orjson.loads(line)
        if "summary" in told:
            self._summary = told["summary"]
        elif "gone" in told:
            self._gone[told["outcome"]] += 1
        elif "twice" in told:
            self._twice.append(told["twice"])
        elif "rows_done_before" in told:
            self._ignored = told.get("ignored_columns", [])
            return int(told["rows_done_before"])
        else:
            self._refuse(told)
            return 1
        return 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def end(self, upload: str) -> int:
        """Show what came of it."""
        if self._ignored:
            output.say(f"Kolonner, der ikke bruges / columns that are not used: {', '.join(self._ignored)}")
        if self._refused:
            Console(stderr=True, highlight=False).print(self._table)
            if self._refused > _MOST_SHOWN:
                output.say(f"… og {self._refused - _MOST_SHOWN} til; --report viser alle / and more; --report shows all")
        for twice in self._twice:
            output.say(f"Står flere gange / stands twice: {twice['reference']}, rækker {', '.join(map(str, twice['rows']))}")
        for outcome, count in self._gone.items():
            output.say(f"Mangler siden sidste ark / gone since the last sheet: {count} ({outcome})")
        if self._summary is None:
            raise NotReachableError(_broke_off(upload))
        output.line(self._summary)
        return OK if self._summary["complete"] and not self._summary["rejected"] else REFUSED

    def _refuse(self, told: Line) -> None:
        if told.get("outcome") != "rejected":
            return
        self._refused += 1
        if self._refused <= _MOST_SHOWN:
            for error in told["errors"]:
                where = error.get("column") or error.get("field") or ""
                self._table.add_row(str(told.get("row") or ""), where, error["text_da"], error["text_en"])


@asynccontextmanager
async def _sent(path: str, file: Path, asked: dict[str, str], media_type: str, demo: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Send a file, and give the lines of the answer as they come."""
    url, headers = find_stack().url("intake"), {"Content-Type": media_type}
    async with (
        client(demo) as made,
        made.stream("POST", url + path, content=_content(file), params=asked, headers=headers, timeout=None) as answer,
    ):
        if answer.is_error:
            await answer.aread()
            raise_for(answer)
        yield _lines(answer)


async def _lines(answer: httpx2.Response) -> AsyncIterator[bytes]:
    async for line in answer.aiter_lines():
        if line:
            yield line.encode()


async def _content(file: Path) -> AsyncGenerator[bytes, None]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while chunk := await asyncio.to_thread(opened.read, _CHUNK):
            yield chunk


def _rows_of(file: Path) -> int | None:
    """Guess how many rows there are, for the bar; of a packed file nobody knows before it is read."""
    if file.suffix.lower() == ".xlsx":
        return None
    with file.open("rb") as opened:
        return max(1, sum(chunk.count(b"\n") for chunk in iter(lambda: opened.read(_CHUNK), b"")) - 1)


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _name(file: Path) -> str:
    return "".join(sign if sign.isalnum() or sign in "._- " else "-" for sign in file.name)[:100]


def _broke_off(upload: str) -> str:
    return f"Det brød af; fortsæt med --resume {upload}. It broke off; go on with --resume {upload}."
