"""The command line against real services: intake and notifications on a real Kafka and PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import structlog

from deploy.cli import main
from deploy.cli.exits import AWAY, OK, REFUSED
from deploy.embedded.ports import LOOPBACK, free_port
from deploy.signing import READY_TOKEN, Signed
from deploy.simulate import sample
from services.intake.app import build_app as build_intake
from services.intake.settings import IntakeSettings
from services.notifications.app import build_app as build_notifications
from services.notifications.settings import NotificationsSettings
from shared.identity import Role
from shared.messaging.producing import Producer
from shared.messaging.security import environment_of, settings_of
from tests.support.asking import AsPartner, AsWhoeverMay
from tests.support.identity import bearer, token_for
from tests.support.notifications import KIRSTEN, Log, match, place, vacancy
from tests.support.running import running
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx2

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
OFFERS = {"atelier-kobolt": "0751", "hjernehuset-vest": "0657"}
NO_SUCH = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Stack:
    """Services that are up, and a command line that finds them."""

    bootstrap: str
    names: TopicNames
    intake: httpx2.AsyncClient
    intake_url: str
    notifications_url: str
    capsys: pytest.CaptureFixture[str]

    async def command(self, *words: object) -> Ended:
        """Run a command as the program would, in a thread: it has a loop of its own."""
        self.capsys.readouterr()
        code = await asyncio.to_thread(main.run, [str(word) for word in words])
        return Ended(code, *self.capsys.readouterr())


@pytest.fixture(autouse=True)
def services_log_nowhere() -> Iterator[None]:
    """The services share the test's process: their log must not stand among the command line's data."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
def intake_settings(kafka: Kafka, names: TopicNames, topics_file: Path, intake_dsn: str) -> IntakeSettings:
    return IntakeSettings(
        **settings_of(kafka.bootstrap_servers),
        topic_prefix=names.prefix,
        topics_file=topics_file,
        port=free_port(),
        intake_postgres_dsn=intake_dsn,
    )


@asynccontextmanager
async def running_notifications(kafka: Kafka, names: TopicNames, topics_file: Path, dsn: str) -> AsyncIterator[str]:
    settings = NotificationsSettings(
        **settings_of(kafka.bootstrap_servers),
        topic_prefix=names.prefix,
        topics_file=topics_file,
        port=free_port(),
        public_url="http://ledigplads.test",
        notifications_postgres_dsn=dsn,
        smtp_port=free_port(),
    )
    async with running(build_notifications(settings)) as service:
        yield service.url


@pytest.fixture
async def surroundings(  # noqa: PLR0917 - fixtures
    kafka: Kafka,
    names: TopicNames,
    topics: Topics,
    topics_file: Path,
    intake_settings: IntakeSettings,
    notifications_dsn: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[str]:
    """All but intake is up, and the environment says where everything is; the address of notifications."""
    del topics
    async with running_notifications(kafka, names, topics_file, notifications_dsn) as notifications:
        for name, value in {
            "INTAKE_URL": f"http://{LOOPBACK}:{intake_settings.port}",
            "NOTIFICATIONS_URL": notifications,
            "TOPIC_PREFIX": names.prefix,
            "TOPICS_FILE": str(topics_file),
            "TOKEN": token_for(
                Role.OFFER_STAFF, Role.CASEWORKER, Role.OPERATOR, person=KIRSTEN, municipality="0751", offers=tuple(OFFERS)
            ),
            **{name.removeprefix("LEDIGPLADS_"): value for name, value in environment_of(kafka.bootstrap_servers).items()},
        }.items():
            monkeypatch.setenv(f"LEDIGPLADS_{name}", value)
        yield notifications


@asynccontextmanager
async def intake_is_up(
    settings: IntakeSettings, names: TopicNames, notifications: str, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Stack]:
    async with running(build_intake(settings), port=settings.port) as intake:
        yield Stack(settings.brokers, names, intake.client, intake.url, notifications, capsys)


@pytest.fixture
async def stack(
    intake_settings: IntakeSettings, names: TopicNames, surroundings: str, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Stack]:
    async with intake_is_up(intake_settings, names, surroundings, capsys) as up:
        for offer, municipality in OFFERS.items():
            (await up.intake.put(f"/offers/{offer}", json={"name": offer, "municipality": municipality})).raise_for_status()
        yield up


async def test_posting_prints_a_receipt_for_each_and_every_reason_and_ends_with_1_when_one_is_rejected(stack: Stack) -> None:
    unknown = await stack.command("post", EXAMPLES / "ny-plads.yaml")
    assert (unknown.code, unknown.out) == (REFUSED, "")
    assert "ledigplads partner add demo" in unknown.err

    added = await stack.command("partner", "add", "demo", "--offer", "atelier-kobolt", "--kind", "vacancy")
    assert added.code == OK
    assert (await stack.command("partner", "list")).lines == [
        {"partner": "demo", "offers": ["atelier-kobolt"], "kinds": ["vacancy"], "municipalities": []}
    ]

    good = await stack.command("post", EXAMPLES / "ny-plads.yaml")
    assert good.code == OK, good.err
    assert [(one["outcome"], one["entity"], one["version"]) for one in good.lines] == [("accepted", "vacancy", 1)]
    again = await stack.command("post", EXAMPLES / "ny-plads.yaml")
    assert [one["entity_id"] for one in again.lines] == [good.lines[0]["entity_id"]]

    bad = await stack.command("post", EXAMPLES / "fejl.yaml")
    assert bad.code == REFUSED
    assert [one["outcome"] for one in bad.lines] == ["rejected"] * 5
    fields = {reason["field"] for reason in bad.lines[0]["reasons"]}
    assert {"sections[0]", "target_groups[0]", "farve"} <= fields
    assert all(field in bad.err for field in fields)
    assert "blå" not in bad.out + bad.err

    foreign = await stack.command("post", EXAMPLES / "fremmed-tilbud.yaml")
    assert (foreign.code, [one["outcome"] for one in foreign.lines]) == (REFUSED, ["rejected"])

    assert (await stack.command("partner", "remove", "demo")).code == OK
    assert (await stack.command("partner", "remove", "demo")).code == REFUSED


async def test_needs_are_registered_and_one_that_is_refused_is_told_with_every_reason(stack: Stack, tmp_path: Path) -> None:
    good = await stack.command("need", EXAMPLES / "nyt-behov.yaml")
    assert good.code == OK, good.err
    assert good.lines[0]["outcome"] == "accepted"

    (tmp_path / "crisis.json").write_text('{"handlekommune": "9999", "sections": [{"section": "SEL-103"}]}', encoding="utf-8")
    bad = await stack.command("need", tmp_path / "crisis.json")
    assert (bad.code, bad.out) == (REFUSED, "")
    assert all(field in bad.err for field in ("handlekommune", "birth_year", "primary_target_group"))


async def test_a_sheet_is_imported_and_its_wrong_rows_are_told_by_the_headings_of_their_columns(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = await stack.command("import", EXAMPLES / "pladser.csv", "--dry-run")
    good = await stack.command("import", EXAMPLES / "pladser.csv", "--report", tmp_path / "report.jsonl")
    again = await stack.command("import", EXAMPLES / "pladser.csv")
    assert [(one.code, one.lines[0]["created"], one.lines[0]["unchanged"]) for one in (trial, good, again)] == [
        (OK, 3, 0),
        (OK, 3, 0),
        (OK, 0, 3),
    ], trial.err + good.err
    assert len((tmp_path / "report.jsonl").read_text(encoding="utf-8").splitlines()) == 5

    wrong = tmp_path / "forkert.csv"
    wrong.write_text("Reference;Tilbuds-id;Titel;Paragraf;Ledige\nbed-1;atelier-kobolt;En;104;mange\n", encoding="utf-8")
    bad = await stack.command("import", wrong)
    assert (bad.code, bad.lines[0]["rejected"]) == (REFUSED, 1)
    assert "Ledige" in bad.err
    assert "mange" not in bad.out + bad.err

    headless = tmp_path / "uden.csv"
    headless.write_text("Titel\nEn\n", encoding="utf-8")
    refused = await stack.command("import", headless)
    assert (refused.code, refused.out) == (REFUSED, "")
    assert "Reference" in refused.err
    fetched = await stack.command("template", "vacancies", "--to", tmp_path / "ark.xlsx")
    assert (fetched.code, (tmp_path / "ark.xlsx").read_bytes()[:2]) == (OK, b"PK")
    monkeypatch.setenv(READY_TOKEN, token_for(Role.PARTNER, partner="nobody"))
    foreign = await stack.command("import", EXAMPLES / "pladser.csv")
    assert (foreign.code, foreign.out) == (REFUSED, "")


async def test_anybody_searches_by_words_and_is_told_the_points(stack: Stack) -> None:
    draft = {"offer_id": "atelier-kobolt", "title_da": "Plads ved staffeliet", "sections": ["SEL-104"], "places_free": 1}
    (await stack.intake.post("/vacancies", json=draft)).raise_for_status()

    async def found() -> Ended:
        return await stack.command("search", "stafeli", "i", "Aarhus", "-o", "with_vacancy=true", "--json")

    answer = orjson.loads((await eventually(found, until=lambda ended: ended.code == OK)).out)
    assert [hit["offer_id"] for hit in answer["hits"]] == ["atelier-kobolt"]
    assert answer["hits"][0]["points"] == sum(part["points"] for part in answer["hits"][0]["why"])

    shown = await stack.command("search", "staffeliet")
    assert "Plads ved staffeliet" in shown.out
    assert "1 ledig plads, bekræftet" in shown.out
    nothing = await stack.command("search", "xyzzyxyzzy")
    assert nothing.code == REFUSED
    wrong = await stack.command("search", "-o", "section=SEL-999")
    assert (wrong.code, "section" in wrong.err) == (REFUSED, True)


async def test_garbage_on_a_topic_is_listed_shown_and_mended_by_a_replay(stack: Stack) -> None:
    draft = {"offer_id": "atelier-kobolt", "title_da": "En plads", "sections": ["SEL-104"], "places_free": 1, "places_total": 9}
    vacancy_id = (await stack.intake.post("/vacancies", json=draft)).raise_for_status().json()["vacancy_id"]
    async with Producer(stack.bootstrap) as producer:
        await producer.publish(stack.names.topic("vacancies"), key=vacancy_id, value=b"{garbage")

    async def listed() -> list[dict[str, Any]]:
        return (await stack.command("dlq", "list", "--json")).lines

    [letter] = await eventually(listed, within_seconds=15)
    assert (letter["group"].removeprefix(stack.names.prefix), letter["key"]) == ("notifications", vacancy_id)
    status = orjson.loads((await stack.command("status", "--json")).out)
    assert status["dead_letters"] == 1
    assert status["topics"]["vacancies"]["messages"] == 2
    assert "notifications" in status["topics"]["vacancies"]["lag"]

    shown = orjson.loads((await stack.command("dlq", "show", letter["id"])).out)
    assert shown["record"]["bytes"] == len(b"{garbage")
    assert "garbage" not in str(shown)

    replayed = await stack.command("dlq", "replay", letter["id"])
    assert replayed.lines == [{"id": letter["id"], "result": "superseded", "republished": 1}]
    assert replayed.code == OK
    assert (await stack.command("dlq", "replay", "--all")).lines[0]["republished"] == 0
    assert (await stack.command("dlq", "show", "nowhere-dlq/0/0")).code != OK


async def test_alerts_are_ones_own(stack: Stack) -> None:
    async with Producer(stack.bootstrap) as producer:
        log = Log(producer, stack.names)
        await log.vacancy(vacancy())
        await log.match(match(place()))

    async def alerted() -> list[dict[str, Any]]:
        return (await stack.command("alerts", "--json")).lines

    [alert] = await eventually(alerted, within_seconds=15)
    assert {"need_id", "vacancy_id", "opening", "kind", "score", "municipality", "recipient", "channel", "alerted_at"} <= set(
        alert
    )
    assert (await stack.command("alerts", "--json", "--person", KIRSTEN)).lines == [alert]
    assert (await stack.command("alerts", "--json", "--person", "somebody-else")).code == REFUSED
    assert f"{alert['score']} points" in (await stack.command("alerts")).out


async def test_loading_the_sample_twice_changes_nothing_the_second_time(stack: Stack) -> None:
    async def load(quiet_within_seconds: float) -> sample.Loaded:
        return await sample.load(
            stack.intake_url,
            stack.notifications_url,
            stack.bootstrap,
            stack.names,
            signed=Signed(AsWhoeverMay(), AsPartner(sample.SENDER)),
            today=date(2026, 11, 25),
            quiet_within_seconds=quiet_within_seconds,
        )

    first = await load(60)
    counts = (await stack.intake.get("/operator/counts")).json()
    assert first.vacancies == counts["vacancies_open"] >= 80
    assert first.needs == counts["needs_open"] >= 300
    assert first.settled

    second = await load(0)
    assert second.changed == 0
    assert (await stack.intake.get("/operator/counts")).json() == counts


async def test_a_simulation_goes_on_when_intake_was_away_and_its_ledger_holds_what_intake_holds(  # noqa: PLR0917 - fixtures
    intake_settings: IntakeSettings,
    names: TopicNames,
    surroundings: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(READY_TOKEN, token_for(Role.OPERATOR, Role.PARTNER, person="market", partner="simulate"))
    ledger = tmp_path / "accepted.jsonl"
    words = (
        "simulate",
        "--rate",
        50,
        "--duration",
        4,
        "--size",
        20,
        "--seed",
        3,
        "--run",
        "t",
        "--ledger",
        ledger,
        "--patience",
        30,
    )
    async with intake_is_up(intake_settings, names, surroundings, capsys) as up:
        simulation = asyncio.create_task(up.command(*words))
        await eventually(
            lambda: ledger.exists() and _accepted(ledger), until=lambda rows: len(rows or []) > 40, within_seconds=30
        )
    async with intake_is_up(intake_settings, names, surroundings, capsys) as up:
        ended = await simulation
        assert ended.code == OK, ended.err
        [told] = ended.lines
        assert told["refused"] == told["unanswered"] == 0
        assert told["retries"] > 0
        rows = _accepted(ledger)
        assert told["accepted"] == len(rows) > 150
        last = {row["entity_id"]: row for row in rows}
        assert {row["way"] for row in rows} == {"http", "kafka"}
        by_the_market = bearer(token_for(Role.PARTNER, person="market", partner="simulate"))
        for entity_id, row in last.items():
            path = "vacancies" if row["entity"] == "vacancy" else "needs"
            held = (await up.intake.get(f"/{path}/{entity_id}", headers=by_the_market)).raise_for_status().json()
            assert (held["version"], held["status"]) == (row["version"], row["status"])


def _accepted(ledger: Path) -> list[dict[str, Any]]:
    return [orjson.loads(row) for row in ledger.read_bytes().splitlines()]


async def test_asking_for_a_need_that_is_not_there_says_so(stack: Stack) -> None:
    assert (await stack.command("explain", "--need", NO_SUCH, "--vacancy", NO_SUCH)).code == REFUSED
    assert (await stack.command("mail")).code == AWAY
