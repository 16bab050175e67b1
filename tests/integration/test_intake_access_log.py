"""Every look at a citizen's data is chained before the answer is read, shown to the citizen without names, and cannot be changed unseen."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.messaging.topics import TopicNames
from tests.support.backends import Kafka
from tests.support.citizens import Keys
from tests.support.intake import NEED, IntakeUnderTest, records_of, running_intake
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("topics")

PERSON = {"cpr": "0101909999", "name": "Marker Marquardsen"}


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics_file: Path, intake_dsn: str, keys: Keys
) -> AsyncIterator[IntakeUnderTest]:
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file, keys=keys) as running:
        yield running


async def need_of(intake: IntakeUnderTest, reference: str, person: dict[str, str] = PERSON) -> tuple[str, str]:
    posted = await intake.client.post("/needs", json=NEED | {"source_reference": reference})
    need_id = posted.raise_for_status().json()["need_id"]
    put = await intake.client.put(f"/needs/{need_id}/citizen", json=person)
    return need_id, put.raise_for_status().json()["citizen_id"]


async def verified(intake: IntakeUnderTest, entries: int) -> dict[str, Any]:
    """Verify once so many looks are chained, and the last of them is anchored."""

    async def look() -> dict[str, Any]:
        found: dict[str, Any] = (await intake.client.get("/operator/access/verify")).raise_for_status().json()
        return found

    async def anchored() -> bool:
        told = [record.value or b"" for record in await records_of(intake, "access-anchors")]
        return any(b'"number":%d,' % entries in one for one in told)

    await eventually(anchored, within_seconds=30)
    return await look()


async def as_superuser(intake_dsn: str, *statements: str) -> None:
    """Do what somebody with the whole of the database could do: the trigger does not stop him."""
    connection = await asyncpg.connect(intake_dsn)
    try:
        await connection.execute("ALTER TABLE access_entry DISABLE TRIGGER ALL")
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("ALTER TABLE access_entry ENABLE TRIGGER ALL")
    finally:
        await connection.close()


async def test_each_look_is_on_the_log_before_the_answer_and_shown_to_the_citizen_without_names(intake: IntakeUnderTest) -> None:
    need_id, citizen_id = await need_of(intake, "case-1")
    purpose = {"X-Ledigplads-Purpose": "citizens_own_request"}
    await intake.client.get(f"/needs/{need_id}", headers=purpose)
    on_log = [record.value or b"" for record in await records_of(intake, "access-events")]
    assert [b"need_shown" in one for one in on_log] == [False, True], "no waiting: it is there when the answer is"
    await verified(intake, 2)
    shown = (await intake.client.get(f"/citizens/{citizen_id}/accesses")).raise_for_status().json()["accesses"]
    assert [(look["what"], look["why"]) for look in shown] == [
        ("need_shown", "citizens_own_request"),
        ("citizen_registered", "casework"),
    ]
    assert all(look.keys() == {"at", "what", "why", "service"} for look in shown)
    export = await intake.client.get("/operator/access/export/0751")
    assert citizen_id not in export.text
    assert need_id not in export.text


async def test_a_list_is_a_look_at_everybody_on_it(intake: IntakeUnderTest) -> None:
    ids = [await need_of(intake, f"case-{number}", PERSON | {"cpr": f"0{number}01909999"}) for number in (1, 2)]
    await intake.client.get("/needs")
    await verified(intake, 4)
    for _, citizen_id in ids:
        shown = (await intake.client.get(f"/citizens/{citizen_id}/accesses")).json()["accesses"]
        assert "needs_listed" in {look["what"] for look in shown}


async def test_the_table_takes_no_change(intake: IntakeUnderTest, intake_dsn: str) -> None:
    await need_of(intake, "case-1")
    await verified(intake, 1)
    connection = await asyncpg.connect(intake_dsn)
    try:
        for statement in ("UPDATE access_entry SET number = 9", "DELETE FROM access_entry", "TRUNCATE access_entry"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_flipped_bit_and_a_dropped_last_row_are_found_and_named(intake: IntakeUnderTest, intake_dsn: str) -> None:
    need_id, _ = await need_of(intake, "case-1")
    for _ in range(4):
        await intake.client.get(f"/needs/{need_id}")
    found = await verified(intake, 5)
    assert (found["entries"], found["faults"]) == ({"0751": 5}, [])
    flip = "UPDATE access_entry SET content = set_bit(content, 21, 1 - get_bit(content, 21)) WHERE number = {}"
    await as_superuser(intake_dsn, flip.format(3))
    assert (await verified(intake, 5))["faults"] == [{"kind": "changed", "municipality": "0751", "number": 3, "last": 3}]
    await as_superuser(intake_dsn, flip.format(3), "DELETE FROM access_entry WHERE number = 5")
    assert (await verified(intake, 5))["faults"] == [{"kind": "missing", "municipality": "0751", "number": 5, "last": 5}]


async def test_an_erasure_leaves_the_chain_valid_and_nothing_of_the_pseudonym_in_it(
    intake: IntakeUnderTest, intake_dsn: str
) -> None:
    need_id, citizen_id = await need_of(intake, "case-1")
    await intake.client.get(f"/needs/{need_id}")
    await verified(intake, 2)
    erased = await intake.client.post("/operator/erasures", json={"citizen_id": citizen_id})
    where = f"/operator/erasures/{erased.raise_for_status().json()['erasure_id']}"

    async def step() -> str:
        return str((await intake.client.get(where)).json()["step"])

    await eventually(step, until=lambda now: now == "rewritten", within_seconds=30)
    assert (await verified(intake, 2))["faults"] == []
    connection = await asyncpg.connect(intake_dsn)
    try:
        told = "".join(row[0] for row in await connection.fetch("SELECT convert_from(content, 'UTF8') FROM access_entry"))
        left = await connection.fetchval("SELECT count(*) FROM access_subject")
    finally:
        await connection.close()
    assert left == 0
    assert citizen_id not in told
    assert need_id not in told


async def test_an_export_holds_all_there_is(intake: IntakeUnderTest) -> None:
    need_id, citizen_id = await need_of(intake, "case-1")
    export = (await intake.client.get(f"/citizens/{citizen_id}/export")).raise_for_status().json()
    assert export["citizen"]["name"] == PERSON["name"]
    assert [need["need_id"] for need in export["needs"]] == [need_id]
    assert export["needs"][0]["stated"]["points_of_reference"] == [{"kind": "home"} | NEED["points_of_reference"][0]]
    assert export.keys() == {"says", "citizen", "needs", "matches", "accesses"}
