"""Who a need is about: sealed in the database, told to the municipality that has the case, and in nothing that leaves intake."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.intake.citizens.master_keys import read_master_keys, write_master_keys
from services.intake.timers import danish_day
from shared.identity import Role
from shared.messaging.topics import TopicNames
from tests.support.backends import Kafka
from tests.support.citizens import Keys
from tests.support.databases import everything_in
from tests.support.identity import bearer, token_for
from tests.support.intake import NEED, IntakeUnderTest, records_of, running_intake

pytestmark = pytest.mark.usefixtures("topics")

PERSON = {
    "cpr": "010190-9999",
    "name": "Marker Marquardsen",
    "address": "Markervej 77, 8000 Aarhus C",
    "note": "Markeret i fritekst",
}


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics_file: Path, intake_dsn: str, keys: Keys
) -> AsyncIterator[IntakeUnderTest]:
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file, keys=keys) as running:
        yield running


async def need(intake: IntakeUnderTest, reference: str, **stated: Any) -> str:
    answer = await intake.client.post("/needs", json=NEED | {"source_reference": reference} | stated)
    assert answer.status_code == 201, answer.text
    need_id: str = answer.json()["need_id"]
    return need_id


async def test_a_citizen_is_shown_as_registered_and_found_by_cpr_number(intake: IntakeUnderTest) -> None:
    need_id = await need(intake, "case-1")
    put = await intake.client.put(f"/needs/{need_id}/citizen", json=PERSON)
    assert put.status_code == 200, put.text
    citizen = put.json()
    assert citizen | PERSON == citizen | {"cpr": "010190-9999"}
    assert citizen["cpr"] == "0101909999"
    assert citizen["need_ids"] == [need_id]
    assert put.headers["cache-control"] == "no-store"
    assert (await intake.client.get(f"/needs/{need_id}/citizen")).json() == citizen
    found = await intake.client.post("/citizens:find", json={"municipality": "0751", "cpr": "0101909999"})
    assert found.json() == citizen
    elsewhere = await intake.client.post("/citizens:find", json={"municipality": "0101", "cpr": "0101909999"})
    assert elsewhere.status_code == 404


async def test_the_same_number_is_the_same_citizen_within_a_municipality_only(intake: IntakeUnderTest) -> None:
    first, second = await need(intake, "case-1"), await need(intake, "case-2")
    other = await need(intake, "case-3", handlekommune="0101")
    ids = [(await intake.client.put(f"/needs/{one}/citizen", json=PERSON)).json() for one in (first, second, other)]
    assert ids[0]["citizen_id"] == ids[1]["citizen_id"] != ids[2]["citizen_id"]
    assert ids[1]["need_ids"] == sorted([first, second])


async def test_another_municipality_s_partner_is_not_told(intake: IntakeUnderTest) -> None:
    need_id = await need(intake, "case-1")
    await intake.client.put(f"/needs/{need_id}/citizen", json=PERSON)
    await intake.partner("foreign", offers=[], kinds=["need"], municipalities=("0101",))
    as_foreign = {"X-Test-Partner": "foreign"}
    answer = await intake.client.get(f"/needs/{need_id}/citizen", headers=as_foreign)
    assert answer.status_code == 403  # people of the municipality only are told, and no system
    put = await intake.client.put(f"/needs/{need_id}/citizen", json=PERSON, headers=as_foreign)
    assert put.status_code == 404
    search = {"municipality": "0751", "cpr": PERSON["cpr"]}
    assert (await intake.client.post("/citizens:find", json=search, headers=as_foreign)).status_code == 403


@pytest.mark.parametrize("cpr", ["0101909", "320190-9999", "011390-9999", "abc"])
async def test_what_is_no_cpr_number_is_refused_without_repeating_it(intake: IntakeUnderTest, cpr: str) -> None:
    need_id = await need(intake, "case-1")
    answer = await intake.client.put(f"/needs/{need_id}/citizen", json={"cpr": cpr})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["cpr"]
    assert cpr not in answer.text


async def test_nothing_of_it_is_in_the_database_or_on_the_log(intake: IntakeUnderTest, intake_dsn: str, keys: Keys) -> None:
    need_id = await need(intake, "case-1")
    await intake.client.put(f"/needs/{need_id}/citizen", json=PERSON)
    await intake.published("need-profiles", need_id)
    told = b"".join(
        [record.value or b"" for topic in ("need-profiles", "settings") for record in await records_of(intake, topic)]
    )
    stored = "".join([await everything_in(dsn) for dsn in (intake_dsn, keys.dsn)]).encode()
    for value in (*PERSON.values(), "0101909999"):
        assert value.encode() not in told + stored
        assert value.encode().hex().encode() not in stored


async def test_a_changed_row_or_another_citizens_bytes_are_not_shown(intake: IntakeUnderTest, intake_dsn: str) -> None:
    first, second = await need(intake, "case-1"), await need(intake, "case-2")
    await intake.client.put(f"/needs/{first}/citizen", json=PERSON)
    await intake.client.put(f"/needs/{second}/citizen", json={"cpr": "020290-9999", "name": "En Anden"})
    connection = await asyncpg.connect(intake_dsn)
    try:
        await connection.execute("UPDATE citizen SET sealed_name = (SELECT max(sealed_name) FROM citizen)")
    finally:
        await connection.close()
    answers = [(await intake.client.get(f"/needs/{one}/citizen")).status_code for one in (first, second)]
    assert sorted(answers) == [200, 500]


async def test_rotation_wraps_every_key_anew_and_all_still_open(intake: IntakeUnderTest, keys: Keys) -> None:
    shown = {}
    for number in range(3):
        need_id = await need(intake, f"case-{number}")
        answer = await intake.client.put(f"/needs/{need_id}/citizen", json=PERSON | {"cpr": f"010{number + 1}909999"})
        shown[need_id] = answer.json()
    before = read_master_keys(keys.master_keys)
    write_master_keys(keys.master_keys, before.rotated(danish_day(intake.clock())))
    done = (await intake.client.post("/operator/keys/rewrap")).json()
    assert done["rewrapped"] == 3
    assert done["wrapped_by"] == {done["current"]: 3}
    write_master_keys(keys.master_keys, read_master_keys(keys.master_keys).without(before.current))
    assert (await intake.client.post("/operator/keys/rewrap")).json()["rewrapped"] == 0
    for need_id, citizen in shown.items():
        assert (await intake.client.get(f"/needs/{need_id}/citizen")).json() == citizen


async def test_a_need_that_moves_to_another_municipality_takes_no_citizen_along(intake: IntakeUnderTest) -> None:
    await intake.partner("two", offers=[], kinds=["need"], municipalities=("0751", "0461"))
    need_id, stays = await need(intake, "case-1"), await need(intake, "case-2")
    await intake.client.put(f"/needs/{need_id}/citizen", json=PERSON)
    here = (await intake.client.put(f"/needs/{stays}/citizen", json=PERSON)).json()
    assert here["need_ids"] == sorted((need_id, stays))
    moved = NEED | {"source_reference": "case-1", "handlekommune": "0461"}
    answer = await intake.client.put(f"/needs/{need_id}", json=moved, headers={"X-Test-Partner": "two"})
    assert answer.status_code == 200, answer.text

    there = bearer(token_for(Role.CASEWORKER, municipality="0461"))
    assert (await intake.client.get(f"/needs/{need_id}/citizen", headers=there)).status_code == 404
    other = {"name": "En Anden", "cpr": "0202909999"}
    registered = await intake.client.put(f"/needs/{need_id}/citizen", json=other, headers=there)
    assert registered.status_code == 200, registered.text
    assert registered.json()["citizen_id"] != here["citizen_id"]
    assert registered.json()["need_ids"] == [need_id]

    home = bearer(token_for(Role.CASEWORKER, municipality="0751"))
    assert (await intake.client.get(f"/needs/{stays}/citizen", headers=home)).json() == here | {"need_ids": [stays]}
    exported = await intake.client.get(f"/citizens/{here['citizen_id']}/export", headers=home)
    assert exported.status_code == 200
    assert need_id not in exported.text
