"""Sheets against a real Kafka and a real PostgreSQL: sent in, compared, broken off and gone on with, fetched and sent back."""

import asyncio
import csv
import io
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from openpyxl import Workbook, load_workbook

from deploy.simulate.generator import Generator
from services.intake.sheets.columns import VACANCIES
from services.intake.sheets.files import Row
from services.intake.sheets.layout import our_layout, written
from services.intake.sheets.rows import ReadRow, RowReader
from shared.messaging.records import RawRecord
from shared.messaging.topics import TopicNames, Topics
from tests.support.asking import own_offers_of
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, body_of, records_of, running_intake
from tests.support.waiting import eventually

CSV = {"Content-Type": "text/csv"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = "Reference;Tilbuds-id;Titel;Paragraffer;Ledige pladser;Pris 1;Pris 1: pr.;Telefon"


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        await running.client.put("/offers/skovly", json=OFFER)
        yield running


async def send(
    intake: IntakeUnderTest, content: str | bytes, kind: str = "vacancies", media_type: str = "text/csv", partner: str | None = None,
    **asked: str,
) -> list[dict[str, Any]]:  # fmt: skip
    headers = {"Content-Type": media_type} | ({"X-Test-Partner": partner} if partner else {})
    body = content.encode() if isinstance(content, str) else content
    answer = await intake.client.post(f"/sheets/{kind}", content=body, headers=headers, params=asked)
    assert answer.status_code == 200, answer.text
    return [orjson.loads(line) for line in answer.content.splitlines()]


def table(*rows: str) -> str:
    return "\r\n".join((HEADINGS, *rows)) + "\r\n"


def summary(report: list[dict[str, Any]]) -> tuple[int, int, int, int]:
    told = report[-1]["summary"]
    return told["created"], told["changed"], told["unchanged"], told["rejected"]


async def test_a_sheet_is_published_row_by_row_and_the_same_sheet_again_changes_nothing(intake: IntakeUnderTest) -> None:
    sheet = table("bed-1;skovly;To pladser;SEL-103;2;1.250;måned;86 12 34 56", "bed-2;skovly;En plads;§ 103;1;;;")
    report = await send(intake, sheet, sheet="pladser")
    again = await send(intake, sheet, sheet="pladser")

    assert [(line["row"], line["reference"], line["outcome"]) for line in report[1:3]] == [
        (2, "bed-1", "accepted"),
        (3, "bed-2", "accepted"),
    ]
    assert (summary(report), summary(again)) == ((2, 0, 0, 0), (0, 0, 2, 0))
    published = body_of((await intake.published("vacancies", report[1]["vacancy_id"]))[0])
    assert (published["came_in_by"], published["places_free"], published["sections"]) == ("sheet", 2, ["SEL-103"])
    assert published["price_lines"][0] | {"amount_dkk": 1250, "unit": "month"} == published["price_lines"][0]


async def test_a_wrong_row_is_told_by_the_heading_of_its_column_and_the_others_are_taken(intake: IntakeUnderTest) -> None:
    report = await send(
        intake,
        table(
            "bed-1;skovly;To pladser;104;mange;;;", "bed-2;skovly;En plads;SEL-103;1;100;uge;", "bed-3;skovly;Fire;SEL-103;3;;;"
        ),
    )

    assert {(e["column"], e["code"]) for e in report[1]["errors"]} == {("Ledige pladser", "int_type")}
    assert {(e["column"], e["code"]) for e in report[2]["errors"]} == {("Pris 1: pr.", "literal_error")}
    assert (report[3]["outcome"], summary(report)) == ("accepted", (1, 0, 0, 2))
    assert b"mange" not in orjson.dumps(report)


async def test_what_was_told_to_be_gone_can_be_withdrawn_by_the_next_sheet(intake: IntakeUnderTest) -> None:
    one, two, three = (f"bed-{n};skovly;Plads {n};SEL-103;1;;;" for n in (1, 2, 3))
    await send(intake, table(one, two, three), sheet="a")
    told = await send(intake, table(one), sheet="a")
    again = await send(intake, table(one, three), sheet="a")
    withdrawn = await send(intake, table(one, three), sheet="a", gone="withdraw")
    after = await send(intake, table(one, three), sheet="a", gone="withdraw")

    reports = [
        [(line["gone"], line["outcome"]) for line in report if "gone" in line] for report in (told, again, withdrawn, after)
    ]
    assert reports == [[("bed-2", "reported"), ("bed-3", "reported")], [("bed-2", "reported")], [("bed-2", "withdrawn")], []]
    assert not [line for report in (told, again, withdrawn, after) for line in report if "twice" in line]


async def test_what_a_sheet_lacks_is_told_and_withdrawn_only_when_asked(intake: IntakeUnderTest) -> None:
    one, two, three = (f"bed-{n};skovly;Plads {n};SEL-103;1;;;" for n in (1, 2, 3))
    first = await send(intake, table(one, two, three), sheet="a")
    told = await send(intake, table(one, three), sheet="a", dry_run="true", gone="withdraw")
    other = await send(intake, table(one), sheet="b")
    withdrawn = await send(intake, table(one, two.replace("Plads", "Sted")), sheet="a", gone="withdraw")

    assert [line for line in told if "gone" in line] == [{"gone": "bed-2", "outcome": "reported"}]
    assert not [line for line in other if "gone" in line]
    assert [(line["gone"], line["outcome"]) for line in withdrawn if "gone" in line] == [("bed-3", "withdrawn")]
    assert summary(withdrawn) == (0, 1, 1, 0)
    state = (await intake.client.get(f"/vacancies/{first[3]['vacancy_id']}")).json()
    assert (state["status"], state["closed_reason"]) == ("closed", "withdrawn")


async def test_a_trial_says_what_would_be_and_changes_nothing(intake: IntakeUnderTest) -> None:
    report = await send(
        intake, table("bed-1;skovly;To;SEL-103;2;;;", "bed-2;;To;SEL-103;2;;;", "bed-1;skovly;Fire;SEL-103;2;;;"), dry_run="true"
    )

    assert summary(report) == (1, 1, 0, 1)
    assert {"twice": {"reference": "bed-1", "rows": [2, 4]}} in report
    assert "vacancy_id" not in report[1]
    mistyped = await intake.client.post("/sheets/vacancies?dryrun=true", content=b"", headers=CSV)
    assert mistyped.status_code == 400
    assert (await intake.client.get("/vacancies")).json()["vacancies"] == []
    assert await records_of(intake, "vacancies") == []


async def test_an_upload_that_broke_off_goes_on_behind_what_is_done(intake: IntakeUnderTest, intake_dsn: str) -> None:
    rows = [f"bed-{n};skovly;Plads {n};SEL-103;1;;;" for n in range(2500)]
    await send(intake, table(*rows[:1000]), upload="upload-1", report="rejected")
    connection = await asyncpg.connect(intake_dsn)
    await connection.execute("UPDATE sheet_upload SET finished_at = NULL")  # as if it had broken off behind its first batch
    await connection.close()
    other = await intake.client.post("/sheets/vacancies?upload=upload-1", content=table(*reversed(rows)).encode(), headers=CSV)
    report = await send(intake, table(*rows), upload="upload-1")
    again = await send(intake, table(*rows), upload="upload-1")

    assert other.status_code == 409
    assert (report[0]["rows_done_before"], report[1]["row"], len(report)) == (1000, 1002, 1502)
    assert summary(report) == (2500, 0, 0, 0)
    assert (len(again), summary(again)) == (2, (2500, 0, 0, 0))
    assert len((await intake.client.get("/vacancies?limit=1000")).json()["vacancies"]) == 1000


async def test_more_rows_under_the_id_of_a_finished_upload_are_another_file_and_not_dropped(intake: IntakeUnderTest) -> None:
    one, two = (f"bed-{n};skovly;Plads {n};SEL-103;1;;;" for n in (1, 2))
    await send(intake, table(one), upload="upload-1")
    await send(intake, table(), upload="upload-2")
    longer = [
        await intake.client.post(f"/sheets/vacancies?upload={upload}", content=table(*rows).encode(), headers=CSV)
        for upload, rows in (("upload-1", (one, two)), ("upload-1", (one, 'bed-2;skovly;"open')), ("upload-2", (one,)))
    ]

    assert [answer.status_code for answer in longer] == [409, 409, 409]
    assert summary(await send(intake, table(one), upload="upload-1")) == (1, 0, 0, 0)


async def test_a_sheet_that_broke_off_does_not_write_over_a_later_one_of_its_name(intake: IntakeUnderTest) -> None:
    old = [f"bed-{n};skovly;Fra i går {n};SEL-103;1;;;" for n in (1, 2)]
    new = table(*(f"bed-{n};skovly;Fra i dag {n};SEL-103;1;;;" for n in (1, 2)))
    broken = await send(intake, table(old[0], 'bed-2;skovly;"open'), upload="upload-1")
    await send(intake, new, upload="upload-2")
    again = await intake.client.post("/sheets/vacancies?upload=upload-1", content=table(*old).encode(), headers=CSV)

    assert broken[-1]["summary"]["complete"] is False
    assert (again.status_code, "nyere" in again.json()["detail"]) == (409, True)
    assert summary(await send(intake, new, dry_run="true")) == (0, 0, 2, 0)


async def test_a_later_sheet_of_the_same_name_ends_one_that_is_under_way(
    intake: IntakeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = table(*(f"bed-{n};skovly;Fra i går;SEL-103;1;;;" for n in range(600)))
    new = table(*(f"bed-{n};skovly;Fra i dag;SEL-103;1;;;" for n in range(600)))
    read = RowReader.read
    overtake = asyncio.Event()
    loop = asyncio.get_running_loop()
    finished = threading.Event()

    def waiting(reader: RowReader, row: Row, new_id: str) -> ReadRow:
        if row.number == 400 and not overtake.is_set():
            loop.call_soon_threadsafe(overtake.set)
            assert finished.wait(20)
        return read(reader, row, new_id)

    monkeypatch.setattr(RowReader, "read", waiting)
    first = asyncio.create_task(send(intake, old, upload="upload-1", report="rejected"))
    await asyncio.wait_for(overtake.wait(), 20)
    later = await send(intake, new, upload="upload-2", report="rejected")
    finished.set()
    told = await first

    assert (told[-1]["outcome"], told[-1]["errors"][0]["code"]) == ("interrupted", "superseded")
    assert later[-1]["summary"]["complete"] is True
    assert summary(await send(intake, new, dry_run="true", report="rejected")) == (0, 0, 600, 0)


async def test_what_nobody_goes_on_with_is_forgotten_and_the_last_whole_sheet_is_kept(
    intake: IntakeUnderTest, intake_dsn: str
) -> None:
    one, two = (f"bed-{n};skovly;Plads {n};SEL-103;1;;;" for n in (1, 2))
    await send(intake, table(one), sheet="a", upload="first")
    await send(intake, table(one, two), sheet="a", upload="last")
    await send(intake, table(one), sheet="a", upload="trial", dry_run="true")
    await send(intake, table(one, 'bed-2;skovly;"open'), sheet="b", upload="broken-off")
    connection = await asyncpg.connect(intake_dsn)
    intake.days_pass(13)
    await intake.timers_look()
    before = await connection.fetchval("SELECT array_agg(upload_id ORDER BY number) FROM sheet_upload")
    intake.days_pass(2)
    await intake.timers_look()
    after = await connection.fetch(
        "SELECT upload_id, count(*) FROM sheet_upload FULL JOIN sheet_row ON upload = number GROUP BY 1"
    )
    await connection.close()

    assert before == ["first", "last", "trial", "broken-off"]
    assert [tuple(row) for row in after] == [("last", 2)]


async def test_what_an_erased_need_was_called_is_in_no_sheet_any_more(intake: IntakeUnderTest, intake_dsn: str) -> None:
    heading = "Reference;Handlekommune;Paragraf 1;Paragraf 1: grundlag;Primær målgruppe;Fødselsår"
    report = await send(
        intake, "\n".join([heading, *(f"sag-{n};751;§ 103;bevilget;Prostitution;1990" for n in (1, 2))]), kind="needs"
    )
    (await intake.client.delete(f"/needs/{report[1]['need_id']}")).raise_for_status()
    connection = await asyncpg.connect(intake_dsn)
    kept = await connection.fetchval("SELECT array_agg(reference) FROM sheet_row")
    await connection.close()

    assert kept == ["sag-2"]


async def test_a_row_over_which_intake_stumbles_ends_the_report_in_words(
    intake: IntakeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"bed-{n};skovly;Plads {n};SEL-103;1;;;" for n in range(300)]
    read = RowReader.read

    def stumbling(reader: RowReader, row: Row, new_id: str) -> ReadRow:
        if row.number == 290:
            raise RuntimeError
        return read(reader, row, new_id)

    with monkeypatch.context() as patched:
        patched.setattr(RowReader, "read", stumbling)
        broken = await send(intake, table(*rows), upload="upload-1", report="rejected")
    whole = await send(intake, table(*rows), upload="upload-1", report="rejected")

    assert (broken[-1]["outcome"], broken[-1]["errors"][0]["code"]) == ("interrupted", "internal_error")
    assert (whole[0]["rows_done_before"], summary(whole)) == (250, (300, 0, 0, 0))


async def test_a_sheet_leaves_behind_what_the_same_posted_one_by_one_leaves(intake: IntakeUnderTest, intake_dsn: str) -> None:
    """Rows of the table, and records on the log: only ids, times and the way in differ."""
    market = Generator(3, "alike", datetime.now(UTC).date(), offers_in_all=5)
    for number in range(5):
        made = market.offer(number)
        (await intake.client.put(f"/offers/{made.offer_id}", content=made.draft.model_dump_json())).raise_for_status()
    drafts = [market.vacancy(number) for number in range(40)]
    drafts += [market.vacancy(number, 1) for number in range(20)]  # some of them changed
    drafts += drafts[50:60]  # and some said once more
    layout = our_layout(VACANCIES, {"price_lines": 9})
    rows = [[placed.heading for placed in layout.placed]]
    rows += [written(layout, orjson.loads(draft.model_dump_json())) for draft in drafts]
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)

    by_sheet = await send(intake, text.getvalue())
    connection = await asyncpg.connect(intake_dsn)
    of_sheet = await _left_behind(intake, connection)
    await connection.execute("UPDATE vacancy SET sender = 'before'")
    posted = await intake.client.post(
        "/vacancies:batch", content=b"[" + b",".join(d.model_dump_json().encode() for d in drafts) + b"]"
    )
    of_post = await _left_behind(intake, connection)
    await connection.close()

    alike = ("outcome", "version", "opening", "status")
    assert [[line[name] for name in alike] for line in by_sheet if "row" in line] == [
        [line[name] for name in alike] for line in posted.json()["results"]
    ]
    assert of_sheet == of_post
    assert len(of_sheet[0]) == 40


async def _left_behind(intake: IntakeUnderTest, connection: Any) -> tuple[list[Any], dict[str, list[Any]]]:
    found = await connection.fetch(
        "SELECT vacancy_id, offer_id, sender, reference, status, version, epoch, convert_from(terms, 'UTF8')"
        " FROM vacancy WHERE sender LIKE 'http:%' ORDER BY reference"
    )
    keys = {row["vacancy_id"]: row["reference"] for row in found}
    records: dict[str, list[Any]] = {}

    async def log() -> dict[str, list[Any]]:
        records.clear()
        for record in await records_of(intake, "vacancies"):
            if record.key in keys:
                records.setdefault(keys[record.key], []).append(_of_no_moment(record))
        return records

    await eventually(log, until=lambda told: sum(map(len, told.values())) >= sum(row["version"] for row in found))
    return [tuple(row)[1:] for row in found], dict(records)


def _of_no_moment(record: RawRecord) -> tuple[dict[str, Any], dict[str, bytes | None]]:
    ours = {"vacancy_id", "confirmed_at", "expires_at", "came_in_by"}
    said = {name: value for name, value in body_of(record).items() if name not in ours}
    kept = {"ce_type", "ce_source", "ce_dataschema", "ce_specversion", "content-type"}
    return said, {name: value for name, value in record.headers if name in kept}


async def test_latin_1_semicolons_commas_and_byte_order_marks_are_understood(intake: IntakeUnderTest) -> None:
    row = "bed-1;skovly;Rød plads på Ærø;SEL-103;2;;;"
    contents = {
        "latin-1": table(row).encode("cp1252"),
        "utf-8 with a mark": b"\xef\xbb\xbf" + table(row).encode(),
        "utf-16, tabs": table(row).replace(";", "\t").encode("utf-16"),
        "commas": table(row).replace(";", ",").encode(),
        "a separator line": ("sep=|\r\n" + table(row).replace(";", "|")).encode(),
    }
    outcomes = {name: summary(await send(intake, content, sheet=name.replace(",", ""))) for name, content in contents.items()}

    assert outcomes.pop("latin-1") == (1, 0, 0, 0)
    assert set(outcomes.values()) == {(0, 0, 1, 0)}


async def test_offers_come_in_a_sheet_with_decimal_commas(intake: IntakeUnderTest) -> None:
    own_offers_of(intake.client).add("solhus")
    sheet = "Tilbuds-id;Navn;Kommune;Tilbudstyper;Breddegrad;Længdegrad;Beskyttet adresse;Kommentar\nsolhus;Solhus;Aarhus;SEL-104;56,15;10,2;nej;x\n"
    report = await send(intake, sheet, kind="offers")

    assert (report[0]["ignored_columns"], report[1]["outcome"], report[1]["offer_id"]) == (["Kommentar"], "accepted", "solhus")
    offer = (await intake.client.get("/offers/solhus")).json()
    assert (offer["municipality"], offer["location"]) == ("0751", {"easting_m": 574549, "northing_m": 6223423})


async def test_needs_come_in_a_sheet_and_what_stays_in_intake_is_in_no_sheet_that_goes_out(intake: IntakeUnderTest) -> None:
    sheet = (
        "Reference;Handlekommune;Paragraf 1;Paragraf 1: grundlag;Primær målgruppe;Fødselsår;Notat;Sted 1;Sted 1: UTM32 øst;Sted 1: UTM32 nord\n"
        "sag-1;751;§ 103;bevilget;Prostitution;1990;Vil gerne tæt på skoven;hjem;574549;6223423\n"
    )
    report = await send(intake, sheet, kind="needs")
    fetched = [await intake.client.get(f"/sheets/needs.{form}") for form in ("csv", "jsonl")]

    assert report[1]["outcome"] == "accepted", report
    assert all("sag-1" in answer.text for answer in fetched)
    assert not any(word in answer.text for answer in fetched for word in ("skoven", "574549"))
    for answer in fetched:  # and what it does not speak of stays as it was
        again = await send(intake, answer.content, kind="needs", media_type=answer.headers["Content-Type"])
        assert summary(again) == (0, 0, 1, 0)


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
async def test_a_sheet_that_was_fetched_and_sent_back_changes_nothing(intake: IntakeUnderTest, form: str) -> None:
    full = VACANCY | {
        "reference": "bed-1",
        "title_da": "=cmd|' /C calc'!A0",
        "text_da": 'Linje 1;\r\n"linje" 2',
        "contact": {"phone": "+45 86 12 34 56"},
        "target_groups": [NEED["primary_target_group"]],
        "cannot_take": [{"code": NEED["primary_target_group"], "strength": "ask_first"}],
        "activities": ["creative", "self_help_group"],
        "day_capacity": [{"weekday": 1, "half": "morning", "places_free": 3}, {"weekday": 2, "half": "afternoon"}],
        "opening_hours": [{"weekday": 1, "opens": "08:00", "closes": "15:30"}],
        "price_lines": [
            {"amount_dkk": 1250, "unit": "calendar_day"},
            {"amount_dkk": 40, "unit": "hour", "kind": "supplement", "label_da": "Kørsel", "valid_from": "2027-01-01"},
        ],
        "accessibility": {"lift": False, "wheelchair": True},
        "available_from": "2027-02-01",
        "languages": ["da", "dsl"],
        "point": {"latitude": 56.1, "longitude": 10.1},
        "municipality": "0751",
    }
    posted = await intake.client.post("/vacancies", json=full)
    assert posted.status_code == 201, posted.text
    for kind in ("offers", "vacancies"):
        fetched = await intake.client.get(f"/sheets/{kind}.{form}")
        report = await send(intake, fetched.content, kind=kind, media_type=fetched.headers["Content-Type"])
        assert summary(report) == (0, 0, 1, 0), report
    if form == "csv":
        assert ";'=cmd" in (await intake.client.get("/sheets/vacancies.csv")).text


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
async def test_a_fetched_sheet_changes_nothing_whoever_made_what_is_in_it(
    intake: IntakeUnderTest, intake_dsn: str, form: str
) -> None:
    await intake.partner("egen", offers=["skovly"], kinds=["vacancy", "need"])
    by_partner = {"X-Test-Partner": "egen"}
    vacancies = [(VACANCY | {"reference": "bed-1"}, by_partner), (VACANCY | {"reference": "bed-1"}, {}), (VACANCY, {})]
    needs = [(NEED, by_partner), ({name: value for name, value in NEED.items() if name != "source_reference"}, {})]
    for kind, drafts in (("vacancies", vacancies), ("needs", needs)):
        for draft, headers in drafts:
            (await intake.client.post(f"/{kind}", json=draft, headers=headers)).raise_for_status()
    told = {}
    for kind in ("vacancies", "needs"):
        for who, partner in (("anyone", None), ("partner", "egen")):
            fetched = await intake.client.get(f"/sheets/{kind}.{form}", headers=by_partner if partner else {})
            report = await send(
                intake, fetched.content, kind=kind, media_type=fetched.headers["Content-Type"], partner=partner, gone="withdraw"
            )
            again = await intake.client.get(f"/sheets/{kind}.{form}", headers=by_partner if partner else {})
            told[kind, who] = (summary(report), [line for line in report if "gone" in line or "twice" in line])
            assert form == "xlsx" or again.content == fetched.content
    connection = await asyncpg.connect(intake_dsn)
    stands = [await connection.fetch("SELECT version FROM vacancy"), await connection.fetch("SELECT version FROM need")]
    await connection.close()

    assert told == {
        ("vacancies", "anyone"): ((0, 0, 3, 0), []),
        ("vacancies", "partner"): ((0, 0, 1, 0), []),
        ("needs", "anyone"): ((0, 0, 2, 0), []),
        ("needs", "partner"): ((0, 0, 2, 0), []),
    }
    assert [[row["version"] for row in rows] for rows in stands] == [[1, 1, 1], [1, 1]]


async def test_a_sheet_with_ids_and_one_without_are_compared_as_the_same_sheet(intake: IntakeUnderTest) -> None:
    await intake.partner("egen", offers=["skovly"], kinds=["vacancy"])
    own = table("bed-1;skovly;Plads 1;SEL-103;1;;;", "bed-2;skovly;Plads 2;SEL-103;1;;;")
    made = await send(intake, own)
    (
        await intake.client.post("/vacancies", json=VACANCY | {"reference": "bed-1"}, headers={"X-Test-Partner": "egen"})
    ).raise_for_status()
    fetched = (await intake.client.get("/sheets/vacancies.csv")).content
    back = await send(intake, fetched, gone="withdraw")
    later = await send(intake, own.replace("Plads 2", "Sted 2"), gone="withdraw")

    assert (summary(back), [line for line in back if "gone" in line]) == ((0, 0, 3, 0), [])
    # What the partner made is not in the offer's own sheet, and only that is gone.
    assert (summary(later), [line["outcome"] for line in later if "gone" in line]) == ((0, 1, 1, 0), ["withdrawn"])
    left = (await intake.client.get("/vacancies?status=open")).json()["vacancies"]
    assert {one["vacancy_id"] for one in left} == {line["vacancy_id"] for line in made if "row" in line}


async def test_a_row_that_was_copied_with_its_id_writes_over_nothing(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/andres", json=OFFER)
    await intake.partner("egen", offers=["andres"], kinds=["vacancy"])
    posted = (await intake.client.post("/vacancies", json=VACANCY | {"reference": "bed-1"})).json()["vacancy_id"]
    heading, row = f"{HEADINGS};Pladsens id", "skovly;Ny;SEL-103;1;;;"
    rows = [f"{reference};{row};{named}" for reference, named in (
        ("bed-2", posted), ("bed-3", ""), ("bed-1", "no such"), ("bed-1", "not-there"), ("bed-1", posted)
    )]  # fmt: skip
    report = await send(intake, "\n".join([heading, *rows]))
    others = await send(intake, "\n".join([heading, f"bed-9;{row};{posted}"]), partner="egen")

    codes = [[(e["column"], e["code"]) for e in line.get("errors", [])] for line in report if "row" in line]
    assert codes == [
        [("Reference", "reference_fixed")],
        [],
        [("Pladsens id", "string_pattern_mismatch")],
        [(None, "vacancy_not_found")],
        [],
    ]
    assert summary(report) == (1, 1, 0, 3)
    assert [e["code"] for e in others[1]["errors"]] == ["offer_not_yours"]


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
async def test_a_partner_cannot_publish_for_anothers_offer_by_a_sheet(intake: IntakeUnderTest, form: str) -> None:
    await intake.client.put("/offers/andres", json=OFFER)
    await intake.partner("egen", offers=["skovly"], kinds=["vacancy"])
    rows = [["bed-1", "skovly", "Plads", "SEL-103"], ["bed-2", "andres", "Plads", "SEL-103"]]
    report = await send(intake, **_as(form, ["reference", "offer_id", "title_da", "sections"], rows), partner="egen")
    offers = await send(
        intake, **_as(form, ["offer_id", "name", "municipality"], [["skovly", "X", "0751"]]), kind="offers", partner="egen"
    )

    assert [(line["outcome"], [e["code"] for e in line.get("errors", [])]) for line in report[1:3]] == [
        ("accepted", []),
        ("rejected", ["offer_not_yours"]),
    ]
    assert [e["code"] for e in offers[1]["errors"]] == ["kind_not_granted"]
    assert [body_of(record)["offer_id"] for record in await intake.published("vacancies", report[1]["vacancy_id"])] == ["skovly"]


async def test_a_partner_gets_no_sheet_of_an_offer_that_is_its_own_no_more(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/andres", json=OFFER)
    await intake.partner("egen", offers=["skovly", "andres"], kinds=["vacancy", "offer"])
    prices = [{"amount_dkk": number, "unit": "hour"} for number in (1, 2, 3)]
    drafts = [VACANCY | {"reference": "bed-1"}, VACANCY | {"reference": "bed-2", "offer_id": "andres", "price_lines": prices}]
    for draft in drafts:
        (await intake.client.post("/vacancies", json=draft, headers={"X-Test-Partner": "egen"})).raise_for_status()
    await intake.client.put("/offers/andres", json=OFFER | {"address_protected": True, "text_da": "Hemmeligt"})
    await intake.partner("egen", offers=["skovly"], kinds=["vacancy", "offer"])
    sheets = [
        (await intake.client.get(f"/sheets/{kind}.csv", headers={"X-Test-Partner": "egen"})).text
        for kind in ("vacancies", "offers")
    ]

    assert ["bed-1" in sheets[0], "bed-2" in sheets[0], "Pris 2" in sheets[0]] == [True, False, False]
    assert ["skovly" in sheets[1], "andres" in sheets[1]] == [True, False]


async def test_what_looks_like_a_persons_number_is_neither_kept_nor_told_as_a_reference(
    intake: IntakeUnderTest, intake_dsn: str
) -> None:
    looks_like_one = "010190-1234"
    report = await send(intake, table(f"{looks_like_one};skovly;To pladser;SEL-103;2;;;"))
    lines = await send(
        intake, orjson.dumps(VACANCY | {"reference": looks_like_one}), media_type="application/x-ndjson", sheet="linjer"
    )
    asked = [
        await intake.client.post(f"/sheets/vacancies?{name}={looks_like_one}", content=table().encode(), headers=CSV)
        for name in ("upload", "sheet")
    ]
    connection = await asyncpg.connect(intake_dsn)
    kept = await connection.fetchval("SELECT count(*) FROM sheet_row")
    await connection.close()

    assert [told[1]["errors"][0]["code"] for told in (report, lines)] == ["cpr_number", "cpr_number"]
    assert looks_like_one.encode() not in orjson.dumps([report, lines])
    assert kept == 0
    assert [answer.status_code for answer in asked] == [400, 400]
    assert looks_like_one not in "".join(answer.text for answer in asked)


def _as(form: str, names: list[str], rows: list[list[str]]) -> dict[str, Any]:
    """The same table as each kind of file."""
    match form:
        case "csv":
            return {"content": "\n".join(";".join(row) for row in [names, *rows]), "media_type": "text/csv"}
        case "jsonl":
            objects = [dict(zip(names, row, strict=True)) for row in rows]
            lists = [one | {"sections": [one["sections"]]} if "sections" in one else one for one in objects]
            return {"content": b"\n".join(map(orjson.dumps, lists)), "media_type": "application/x-ndjson"}
        case _:
            return {"content": workbook(names, *rows), "media_type": XLSX}


def workbook(*rows: list[str]) -> bytes:
    made, content = Workbook(), io.BytesIO()
    for row in rows:
        made.worksheets[0].append(row)
    made.save(content)
    return content.getvalue()


async def test_the_template_has_drop_downs_of_codes_and_is_understood_when_filled_in(intake: IntakeUnderTest) -> None:
    answer = await intake.client.get("/sheets/vacancies/template.xlsx")
    made = load_workbook(io.BytesIO(answer.content))
    page, codes = made.worksheets
    headings = [str(cell.value) for cell in page[1]]
    filled = {
        "Reference": "bed-1",
        "Tilbuds-id": "skovly",
        "Titel": "Plads",
        "Paragraffer": "SEL-103 · Beskyttet beskæftigelse",
        "Ledige pladser": 2,
        "Målgrupper": "Prostitution",
        "Elevator": True,
        "Pris 1": 1250.0,
        "Pris 1: pr.": "måned",
        "Pladsens kommune": 751,
    }
    page.append([filled.get(heading) for heading in headings])
    content = io.BytesIO()
    made.save(content)
    report = await send(intake, content.getvalue(), media_type=XLSX)

    assert codes.title == "Koder"
    assert len(page.data_validations.dataValidation) > 20
    assert report[1]["outcome"] == "accepted", report
    assert report[0]["ignored_columns"] == []


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"", "text/csv", 422),
        (b"PK\x03\x04 no zip", XLSX, 422),
        (b"a;b\n1;2\n", "text/csv", 422),
        (b"\xff\xfe\x00", "text/csv", 422),
        (b"x", "image/png", 415),
    ],
)
async def test_a_file_that_is_no_sheet_is_refused_in_words(
    intake: IntakeUnderTest, content: bytes, media_type: str, status: int
) -> None:
    answer = await intake.client.post("/sheets/vacancies", content=content, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


async def test_an_open_quotation_mark_ends_the_reading_and_withdraws_nothing(intake: IntakeUnderTest) -> None:
    await send(intake, table("bed-1;skovly;En;SEL-103;1;;;", "bed-2;skovly;To;SEL-103;1;;;"))
    report = await send(intake, table("bed-1;skovly;En;SEL-103;1;;;", 'bed-2;skovly;"To;SEL-103;1;;;'), gone="withdraw")

    assert (report[2]["row"], report[2]["errors"][0]["code"]) == (3, "file_broken")
    assert not [line for line in report if "gone" in line]
    assert report[-1]["summary"]["complete"] is False


async def test_json_lines_that_are_no_objects_or_too_large_are_refused_one_by_one(intake: IntakeUnderTest) -> None:
    good = orjson.dumps(VACANCY | {"reference": "bed-1"})
    lines = [b"[1]", b"{", b'"' + b"x" * 300_000 + b'"', b"\xff", good]
    report = await send(intake, b"\n".join(lines), media_type="application/x-ndjson")

    assert [line["outcome"] for line in report[1:-1]] == ["rejected"] * 4 + ["accepted"]
    assert [line["errors"][0]["code"] for line in report[1:5]] == ["model_type", "json_invalid", "too_large", "json_invalid"]
