"""A citizen is forgotten: by the databases to their last page, by the log to its last segment, and by yesterday's backup."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest

from services.intake.citizens.master_keys import read_master_keys
from services.intake.citizens.registry import opened
from services.intake.citizens.sealing import CannotOpen, DataKey
from services.intake.citizens.store import CitizenStore
from services.intake.citizens.vault import Vault
from shared.database import create_pool
from tests.support.cases import Case
from tests.support.forgetful import Forgetful, forgetful
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATIENCE = 120
_HYPHENS_OF_AN_ID = 4
FORGOTTEN = {
    "cpr": "0101909999",
    "name": "Glemsom Markersen",
    "address": "Glemselsvej 13, 8000 Aarhus C",
    "note": "Skal glemmes til bunds",
}
KEPT = {"cpr": "0202909999", "name": "Blivende Markersen", "address": "Blivevej 2, 8000 Aarhus C", "note": "Skal huskes"}


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Forgetful]:
    async with forgetful(tmp_path) as made:
        yield made


async def need_of(whole: Forgetful, case: Case, person: dict[str, str], reference: str, **other: Any) -> tuple[str, str]:
    """Register a need with a citizen and an Idempotency-Key; gives the ids of both."""
    client = whole.road.intake.client
    draft = case.need(source_reference=reference, note_da=f"fritekst om {reference}", **other)
    posted = await client.post("/needs", json=draft, headers={"Idempotency-Key": uuid4().hex})
    need_id = posted.raise_for_status().json()["need_id"]
    put = await client.put(f"/needs/{need_id}/citizen", json=person)
    return need_id, put.raise_for_status().json()["citizen_id"]


async def test_an_erased_citizen_is_found_nowhere_and_the_others_are(whole: Forgetful) -> None:
    road, case = whole.road, Case(whole.road, 0)
    await case.begin()
    first, citizen = await need_of(whole, case, FORGOTTEN, "glemt-sag-1")
    second, same = await need_of(whole, case, FORGOTTEN, "glemt-sag-2")
    other, other_citizen = await need_of(whole, case, KEPT, "husket-sag-1")
    assert same == citizen != other_citizen
    await case.post_vacancy()
    await road.alerted(case.person, 3)
    await road.is_quiet()
    needles = {
        text.encode()
        for text in (*FORGOTTEN.values(), first, second, citizen, "glemt-sag-1", "glemt-sag-2", "fritekst om glemt-sag-1")
    }
    await whole.checkpoint()
    before = whole.files_with(needles)
    assert {needle for found in before.values() for needle in found} >= {first.encode(), b"fritekst om glemt-sag-1"}, (
        "the search finds what is there"
    )
    backup = whole.dump()

    erased = await road.intake.client.post("/operator/erasures", json={"citizen_id": citizen})
    erasure_id = erased.raise_for_status().json()["erasure_id"]

    async def proof() -> dict[str, Any]:
        found: dict[str, Any] = (await road.intake.client.get(f"/operator/erasures/{erasure_id}")).raise_for_status().json()
        return found

    await eventually(proof, until=lambda found: found["step"] == "ended", within_seconds=PATIENCE)
    told = await proof()
    assert told["destroyed"]["keys"] == 1
    assert told["destroyed"]["rows"]["need"] == 2
    assert told["log"]["topics"]["need-profiles"]["bodies"] == 0
    ages_out = {one["where"]: one["by"] for one in told["ages_out"]}
    assert "backups of intake's database, and its WAL" in ages_out
    today = datetime.now(UTC).date()
    assert today + timedelta(days=29) <= date.fromisoformat(ages_out["access-events"]) <= today + timedelta(days=31)

    await eventually(lambda: _nowhere(whole, needles), within_seconds=30)
    assert len(await road.alerts(case.person)) == 1, "the alerts of the other citizen's need stay"
    shown = await road.intake.client.get(f"/needs/{other}/citizen")
    assert shown.json()["name"] == KEPT["name"]
    assert (await road.intake.client.get(f"/needs/{first}/citizen")).status_code == 404
    await opens_only_the_other(whole, backup, citizen, other_citizen)


async def _nowhere(whole: Forgetful, needles: set[bytes]) -> bool:
    """Search everything; who looked, by pseudonym, stays on the log for 30 days, as the proof says."""
    await whole.checkpoint()
    found = whole.files_with(needles)
    pseudonyms = {needle for needle in needles if needle.count(b"-") == _HYPHENS_OF_AN_ID}
    left = {
        place: there - pseudonyms if "/f-access-events-" in place else there
        for place, there in found.items()
        if "/f-access-events-" not in place or there - pseudonyms
    }
    assert left == {}, left
    return True


async def opens_only_the_other(whole: Forgetful, backup: bytes, citizen: str, other_citizen: str) -> None:
    """Restore yesterday's backup beside it, and try every key that there is."""
    dsn = await whole.restore(backup, "yesterday")
    keys = whole.road.keys
    pool, of_keys = await create_pool(dsn, application_name="test"), await create_pool(keys.dsn, application_name="test")
    try:
        store, vault = CitizenStore(pool), Vault(of_keys, lambda: read_master_keys(keys.master_keys))
        sealed, of_other = await store.citizen(citizen), await store.citizen(other_citizen)
        assert sealed is not None
        assert of_other is not None
        found = await vault.keys_of([citizen, other_citizen])
        assert found.keys() == {other_citizen}
        assert opened(found[other_citizen], of_other)["name"] == KEPT["name"]
        for stranger in (found[other_citizen], DataKey(citizen, found[other_citizen].key_id, found[other_citizen].secret)):
            with pytest.raises(CannotOpen):
                opened(stranger, sealed)
    finally:
        await pool.close()
        await of_keys.close()
    connection = await asyncpg.connect(whole.postgres.dsn)
    try:
        await connection.execute("DROP DATABASE yesterday WITH (FORCE)")
    finally:
        await connection.close()
