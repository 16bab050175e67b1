"""Intake on a database from a backup: held until an operator has said how, and then nothing that the log still has is lost."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest

from shared.messaging.topics import create_partner_topics
from tests.support.databases import cloned
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, records_of, running_intake
from tests.support.waiting import eventually, stays

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka, Postgres

    Start = Callable[[str], AbstractAsyncContextManager[IntakeUnderTest]]

HIDDEN = "Hemmelighedsvej 7, 8600 Silkeborg"
CRISIS_CENTRE = OFFER | {
    "name": "Krisecentret",
    "municipality": "0740",
    "kinds": ["SEL-109"],
    "sections": ["SEL-109"],
    "address": HIDDEN,
    "address_protected": True,
    "contact": {"phone": "70 20 30 40"},
}
_TABLES = {"offers": ("offer", "offer_id"), "vacancies": ("vacancy", "vacancy_id"), "need-profiles": ("need", "need_id")}


@pytest.fixture
async def start(kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path) -> Start:
    assert topics.topics

    @asynccontextmanager
    async def started(dsn: str) -> AsyncIterator[IntakeUnderTest]:
        async with running_intake(kafka.bootstrap_servers, names, dsn, topics_file) as intake:
            yield intake

    return started


@pytest.fixture
async def skov(kafka: Kafka, names: TopicNames, topics: Topics) -> str:
    """A partner whose topics are there before the service starts, so that they are heard at once."""
    await create_partner_topics(kafka.bootstrap_servers, names, "skov", topics=topics)
    return "skov"


@asynccontextmanager
async def backup_of(postgres: Postgres, dsn: str) -> AsyncIterator[str]:
    """A copy of a database that nobody is connected to, as it is now."""
    async with cloned(postgres.dsn, urlsplit(dsn).path.removeprefix("/")) as copy:
        yield copy


async def posted(intake: IntakeUnderTest, path: str, body: dict[str, Any], **changes: Any) -> str:
    answer = await intake.client.post(path, json=body | changes)
    assert answer.is_success, answer.text
    told = answer.json()
    return str(told.get("vacancy_id") or told["need_id"])


async def nothing_waits(intake: IntakeUnderTest) -> None:
    async def look() -> bool:
        return not (await intake.client.get("/operator/counts")).json()["outbox_waiting"]

    await eventually(look)


async def read_by_the_rule(intake: IntakeUnderTest, topic: str) -> dict[str, tuple[int, int, bytes | None]]:
    """What a reader holds who has seen everything from the beginning: (epoch, version, body) by key."""
    held: dict[str, tuple[int, int, bytes | None]] = {}
    for record in await records_of(intake, topic):
        _, epoch, version = (dict(record.headers)["ce_id"] or b"").decode().rsplit("/", 2)
        assert record.key is not None
        if record.key not in held or (int(epoch), int(version)) > held[record.key][:2]:
            held[record.key] = int(epoch), int(version), record.value
    return held


async def the_log_says_what_the_tables_say(intake: IntakeUnderTest) -> None:
    await nothing_waits(intake)
    connection = await asyncpg.connect(intake.dsn)
    try:
        for topic, (table, key) in _TABLES.items():
            rows = await connection.fetch(f"SELECT {key} AS key, epoch, version, body FROM {table}")  # noqa: S608 - our own names
            stored = {row["key"]: (row["epoch"], row["version"], row["body"]) for row in rows}
            held = await read_by_the_rule(intake, topic)
            unknown_and_gone = [key for key, (_, _, body) in held.items() if key not in stored and body is None]
            assert {key: one for key, one in held.items() if key not in unknown_and_gone} == stored
            last = {record.key: record.value for record in await records_of(intake, topic)}
            assert {key: body for key, (_, _, body) in held.items()} == last, "the last record is not the one that readers keep"
    finally:
        await connection.close()


async def is_held(intake: IntakeUnderTest) -> str:
    answer = await intake.client.get("/readyz")
    assert answer.status_code == 503
    said: str = answer.json()["checks"]["log and database"]["detail"]
    assert said.startswith("HELD")
    assert "ledigplads restored" in said
    return said


async def restored(intake: IntakeUnderTest, **how: bool) -> dict[str, Any]:
    answer = await intake.client.post("/operator/restored", json=how, timeout=60)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


@dataclass(frozen=True, slots=True)
class Market:
    """What there was before the backup: ids."""

    kept: str
    changed: str
    erased: str
    noted: str

    @classmethod
    async def opened(cls, intake: IntakeUnderTest) -> Market:
        await intake.partner("skov", offers=["skovly"], kinds=["vacancy", "need"])
        await intake.client.put("/offers/skovly", json=OFFER)
        await intake.client.put("/offers/krise", json=CRISIS_CENTRE)
        await intake.submit("skov", "vacancy.submitted", VACANCY | {"reference": "bed-1"}, key="bed-1", id="s-1")
        await intake.receipts("skov", 1)
        market = cls(
            kept=await posted(intake, "/vacancies", VACANCY),
            changed=await posted(intake, "/vacancies", VACANCY),
            erased=await posted(intake, "/needs", NEED),
            noted=await posted(intake, "/needs", NEED, source_reference="case-2"),
        )
        await nothing_waits(intake)
        return market

    async def goes_on(self, intake: IntakeUnderTest) -> dict[str, str]:
        """Change, add and erase, by every way in; gives the ids of what is new, and of bed-1."""
        await intake.client.put("/offers/krise", json=CRISIS_CENTRE | {"text_da": "Der er plads til alle."})
        await intake.client.put("/offers/new", json=OFFER | {"name": "Ny"})
        await intake.client.patch(f"/vacancies/{self.changed}", json={"places_free": 1})
        await intake.client.delete(f"/needs/{self.erased}")
        await posted(intake, "/needs", NEED, source_reference="case-2", urgency="acute", note_da="kun til os")
        new = await posted(intake, "/vacancies", VACANCY, offer_id="new")
        case_3 = await posted(intake, "/needs", NEED, source_reference="case-3")
        bed_1, bed_2 = VACANCY | {"reference": "bed-1", "places_free": 1}, VACANCY | {"reference": "bed-2"}
        await intake.submit("skov", "vacancy.submitted", bed_1, key="bed-1", id="s-2")
        await intake.submit("skov", "vacancy.submitted", bed_2, key="bed-2", id="s-3")
        await intake.submit("skov", "need.submitted", NEED | {"source_reference": "case-4"}, key="case-4", id="s-4")
        said = {one.reference: one.entity_id or "" for one in await intake.receipts("skov", 4)}
        await nothing_waits(intake)
        return {"new": new, "case-3": case_3} | {str(name): said[name] for name in ("bed-1", "bed-2", "case-4")}


@pytest.mark.usefixtures("skov")
async def test_what_was_accepted_after_the_backup_is_taken_back_from_the_log(
    start: Start, postgres: Postgres, intake_dsn: str
) -> None:
    async with start(intake_dsn) as intake:
        market = await Market.opened(intake)
    async with backup_of(postgres, intake_dsn) as backup:
        async with start(intake_dsn) as intake:
            ids = await market.goes_on(intake)
            before = {topic: await read_by_the_rule(intake, topic) for topic in _TABLES}
        async with start(backup) as intake:
            await _is_held_and_says_what_is_missing(intake)

            report = await restored(intake)

            assert report["epoch"] == 2
            assert report["published"] == dict.fromkeys(("settings", *_TABLES), 0)
            assert (report["answers_learned"], report["partitions_rewound"]) == (3, 1)
            assert report["adopted"]["offers"]["without_address"] == []
            assert report["adopted"]["need-profiles"]["without_reference"] == 1, (
                "case-3 came by HTTP, and its name is on no topic"
            )
            # The submission that waited is answered, and no other a second time.
            assert sorted(map(_submission, await intake.receipts("skov", 5))) == ["s-1", "s-2", "s-3", "s-4", "s-5"]
            await eventually(lambda: _is_ready(intake), within_seconds=30)  # its consumers join the group anew
            for topic, known in before.items():
                held = await read_by_the_rule(intake, topic)
                assert {key: held[key] for key in known} == known
            await the_log_says_what_the_tables_say(intake)
            await _the_market_goes_on_where_it_was(intake, market, ids)
            await the_log_says_what_the_tables_say(intake)
        async with start(backup) as intake:
            await eventually(lambda: _is_ready(intake))


@pytest.mark.usefixtures("skov")
async def test_since_when_a_place_is_closed_or_full_is_taken_back_too(start: Start, postgres: Postgres, intake_dsn: str) -> None:
    async with start(intake_dsn) as intake:
        market = await Market.opened(intake)
    async with backup_of(postgres, intake_dsn) as backup:
        async with start(intake_dsn) as intake:
            await intake.client.post(f"/vacancies/{market.kept}/withdraw")
            await intake.client.patch(f"/vacancies/{market.changed}", json={"places_free": 0})
            await nothing_waits(intake)
        async with start(backup) as intake:
            await restored(intake)
            connection = await asyncpg.connect(intake.dsn)
            try:
                rows = await connection.fetch(
                    "SELECT vacancy_id, closed_at = changed_at AS closed, nothing_free_since = changed_at AS is_full FROM vacancy"
                )
            finally:
                await connection.close()
    found = {row["vacancy_id"]: (row["closed"], row["is_full"]) for row in rows}
    assert (found[market.kept], found[market.changed]) == ((True, None), (None, True))


async def _is_held_and_says_what_is_missing(intake: IntakeUnderTest) -> None:
    assert "later on vacancies" in await is_held(intake)
    refused = await intake.client.post("/vacancies", json=VACANCY)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    await intake.submit("skov", "vacancy.submitted", VACANCY | {"reference": "bed-3"}, key="bed-3", id="s-5")
    found = (await intake.client.get("/operator/restored")).json()
    assert found["later"] == {"settings": 0, "offers": 1, "vacancies": 2, "need-profiles": 2}
    assert found["new"] == {"settings": 0, "offers": 1, "vacancies": 2, "need-profiles": 2}
    assert found["erased"]["need-profiles"] == 1
    await stays(lambda: _receipts(intake), for_seconds=0.5, until=lambda count: count == 4)


async def _the_market_goes_on_where_it_was(intake: IntakeUnderTest, market: Market, ids: dict[str, str]) -> None:
    assert (await intake.client.get(f"/vacancies/{market.changed}")).json()["places_free"] == 1
    assert (await intake.client.get(f"/vacancies/{ids['new']}")).json()["offer_name"] == "Ny"
    assert (await intake.client.get(f"/needs/{market.erased}")).status_code == 404
    again = await intake.client.post("/needs", json=NEED | {"source_reference": "case-2", "urgency": "soon"})
    assert (again.json()["need_id"], again.json()["version"]) == (market.noted, 3)
    # What is changed now stands above all that readers have.
    await intake.client.post(f"/vacancies/{market.kept}/withdraw")
    [_, last] = await intake.published("vacancies", market.kept, count=2)
    assert dict(last.headers)["ce_id"] == f"{market.kept}/2/2".encode()
    # A partner's own names for things are known again.
    for number, (reference, version) in enumerate((("bed-1", 3), ("bed-2", 2)), start=6):
        body = VACANCY | {"reference": reference, "places_free": 0}
        await intake.submit("skov", "vacancy.submitted", body, key=reference, id=f"s-{number}")
        said = next(one for one in await intake.receipts("skov", number) if one.submission_id == f"s-{number}")
        assert (said.entity_id, said.version) == (ids[reference], version)
    closing = {"handlekommune": "0751", "source_reference": "case-4"}
    await intake.submit("skov", "need.closed", closing, key="case-4", id="s-8")
    closed = next(one for one in await intake.receipts("skov", 8) if one.submission_id == "s-8")
    assert (closed.entity_id, closed.version) == (ids["case-4"], 2)
    await intake.client.put("/offers/krise", json=CRISIS_CENTRE | {"text_da": "Ring."})


def _submission(said: Any) -> str:
    return str(said.submission_id)


async def _receipts(intake: IntakeUnderTest) -> int:
    return len(await records_of(intake, "receipts-skov"))


async def _is_ready(intake: IntakeUnderTest) -> bool:
    return (await intake.client.get("/readyz")).status_code == 200


async def test_an_address_that_stays_protected_is_kept_where_the_backup_has_it_and_missed_where_it_has_not(
    start: Start, postgres: Postgres, intake_dsn: str
) -> None:
    async with start(intake_dsn) as intake:
        await intake.client.put("/offers/krise", json=CRISIS_CENTRE)
        await nothing_waits(intake)
    async with backup_of(postgres, intake_dsn) as backup:
        async with start(intake_dsn) as intake:
            await intake.client.put("/offers/krise", json=CRISIS_CENTRE | {"text_da": "Der er plads."})
            await intake.client.put("/offers/later", json=CRISIS_CENTRE | {"name": "Senere"})
            await nothing_waits(intake)
        async with start(backup) as intake:
            report = await restored(intake)
            assert report["adopted"]["offers"]["without_address"] == ["later"]
            connection = await asyncpg.connect(backup)
            stated = await connection.fetch("SELECT offer_id, terms FROM offer ORDER BY offer_id")
            await connection.close()
            assert [(row["offer_id"], orjson.loads(row["terms"])["address"]) for row in stated] == [
                ("krise", HIDDEN),
                ("later", None),
            ]
            await the_log_says_what_the_tables_say(intake)
            assert not [record for record in await records_of(intake, "offers") if HIDDEN.encode() in (record.value or b"")]


async def test_where_the_backup_wins_all_is_as_in_it_but_what_was_erased_stays_erased(
    start: Start, postgres: Postgres, intake_dsn: str
) -> None:
    async with start(intake_dsn) as intake:
        await intake.client.put("/offers/skovly", json=OFFER)
        kept = await posted(intake, "/vacancies", VACANCY)
        erased = await posted(intake, "/needs", NEED)
        await nothing_waits(intake)
    async with backup_of(postgres, intake_dsn) as backup:
        async with start(intake_dsn) as intake:
            await intake.client.patch(f"/vacancies/{kept}", json={"places_free": 0})
            stray = await posted(intake, "/vacancies", VACANCY)
            await intake.client.delete(f"/needs/{erased}")
            await nothing_waits(intake)
            await intake.client.put("/offers/new", json=OFFER)
            await nothing_waits(intake)
        async with start(backup) as intake:
            await restored(intake, backup_wins=True)
            await the_log_says_what_the_tables_say(intake)
            assert (await read_by_the_rule(intake, "offers"))["new"] == (2, 0, None)
            await intake.client.put("/offers/new", json=OFFER | {"name": "Igen"})
            await the_log_says_what_the_tables_say(intake)
            held = await read_by_the_rule(intake, "vacancies")
            assert held[kept][:2] == (2, 1)
            assert orjson.loads(held[kept][2] or b"")["places_free"] == 2
            assert held[stray] == (2, 0, None)
            assert (await read_by_the_rule(intake, "need-profiles"))[erased] == (2, 2, None)


@pytest.mark.usefixtures("skov")
async def test_a_lost_database_is_filled_from_the_log_once_the_partners_are_declared_again(
    start: Start, intake_dsn: str, postgres: Postgres, intake_template: str
) -> None:
    async with start(intake_dsn) as intake:
        await intake.partner("skov", offers=["skovly"], kinds=["vacancy"])
        await intake.client.put("/offers/skovly", json=OFFER)
        vacancy_id = await posted(intake, "/vacancies", VACANCY)
        await intake.submit("skov", "vacancy.submitted", VACANCY | {"reference": "bed-1"}, key="bed-1", id="s-1")
        [said] = await intake.receipts("skov", 1)
        await nothing_waits(intake)
    async with cloned(postgres.dsn, intake_template) as empty, start(empty) as intake:
        assert "1 unknown on offers" in await is_held(intake)
        refused = await intake.client.post("/operator/restored", json={}, headers={"Accept-Language": "en"})
        assert refused.status_code == 409
        assert "does not know: skov" in refused.json()["detail"]
        await intake.partner("skov", offers=["skovly"], kinds=["vacancy"])

        report = await restored(intake)

        assert {topic: adopted["new"] for topic, adopted in report["adopted"].items()} == {
            "offers": 1,
            "vacancies": 2,
            "need-profiles": 0,
        }
        await the_log_says_what_the_tables_say(intake)
        settings = await read_by_the_rule(intake, "settings")
        assert {key: one[:2] for key, one in settings.items()} == {"policy": (2, 1), "today": (2, 1)}
        assert all(one.value is not None for one in await records_of(intake, "settings")), "readers are never without a policy"
        assert (await intake.client.get(f"/vacancies/{vacancy_id}")).json()["places_free"] == 2
        await intake.submit("skov", "vacancy.withdrawn", {"reference": "bed-1"}, key="bed-1", id="s-2")
        withdrawn = (await intake.receipts("skov", 2))[-1]
        assert (withdrawn.outcome, withdrawn.entity_id, withdrawn.version) == ("accepted", said.entity_id, 2)


async def test_a_restore_that_was_interrupted_is_begun_again(start: Start, intake_dsn: str) -> None:
    async with start(intake_dsn) as intake:
        await intake.client.put("/offers/skovly", json=OFFER)
        await nothing_waits(intake)
    connection = await asyncpg.connect(intake_dsn)
    await connection.execute("UPDATE instance SET restoring = true")
    await connection.close()
    async with start(intake_dsn) as intake:
        assert "begun and not ended" in await is_held(intake)
        await restored(intake)
        await eventually(lambda: _is_ready(intake))
    async with start(intake_dsn) as intake:
        await eventually(lambda: _is_ready(intake))
        refused = await intake.client.post("/operator/restored", json={}, headers={"Accept-Language": "en"})
        assert refused.status_code == 409
        assert "knows all that the log holds" in refused.json()["detail"]


@pytest.mark.usefixtures("skov")
async def test_while_another_intake_still_runs_nothing_is_put_in_order(
    start: Start, intake_dsn: str, postgres: Postgres, intake_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.restoring.restoring._SESSION_SECONDS", 0.5)
    async with start(intake_dsn) as running, cloned(postgres.dsn, intake_template) as empty:
        await running.client.put("/offers/skovly", json=OFFER)
        await nothing_waits(running)
        await eventually(lambda: _is_ready(running))
        async with start(empty) as intake:
            await is_held(intake)
            refused = await intake.client.post("/operator/restored", json={}, headers={"Accept-Language": "en"})
            assert refused.status_code == 409
            assert "Another intake still reads" in refused.json()["detail"]
            assert (await intake.client.get("/offers/skovly")).status_code == 503
        assert (await running.client.get("/offers/skovly")).json()["version"] == 1
