"""Pool, migrations, queries and notifications against a real PostgreSQL."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from shared.database import Listener, MigrationError, check_database, create_pool, load_queries, migrate
from tests.support.databases import dsn_of
from tests.support.waiting import eventually


def folder_of(place: Path, **migrations: str) -> Path:
    place.mkdir()
    for name, statements in migrations.items():
        (place / f"{name.removeprefix('v')}.sql").write_text(f"-- migrate:up\n{statements}\n-- migrate:down\n", encoding="utf-8")
    return place


async def test_four_replicas_that_migrate_at_once_apply_every_file_once(empty_dsn: str, tmp_path: Path) -> None:
    # A second application of the first file would fail on the table, of the second on the unique value.
    own = folder_of(tmp_path / "own", v001_places="CREATE TABLE places (id int UNIQUE); SELECT pg_sleep(0.2);")
    shared = folder_of(tmp_path / "shared", v002_first_place="INSERT INTO places VALUES (1);")
    await asyncio.gather(*(migrate(empty_dsn, [own, shared]) for _ in range(4)))
    connection = await asyncpg.connect(empty_dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM places") == 1
        assert await connection.fetchval("SELECT count(*) FROM schema_migrations") == 2
    finally:
        await connection.close()


async def test_a_migration_that_fails_says_why_in_one_sentence_and_leaves_nothing(empty_dsn: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own", v001_broken="CREATE TABLE half (id int); SELECT nonsense;")
    with pytest.raises(MigrationError, match='column "nonsense" does not exist') as failure:
        await migrate(empty_dsn, [folder])
    assert "\n" not in str(failure.value)
    connection = await asyncpg.connect(empty_dsn)
    try:
        assert await connection.fetchval("SELECT to_regclass('half')") is None
    finally:
        await connection.close()


async def test_a_folder_of_migrations_that_is_not_there_is_named(empty_dsn: str, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="does not exist"):
        await migrate(empty_dsn, [tmp_path / "nowhere"])


async def test_a_failed_migration_does_not_tell_the_password(empty_dsn: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own", v001_fine="SELECT 1;")
    wrong = dsn_of(empty_dsn, "no_such_database")
    password = wrong.split(":")[2].split("@")[0]
    with pytest.raises(MigrationError) as failure:
        await migrate(wrong, [folder])
    assert password not in str(failure.value)


async def test_json_goes_in_and_out_as_python_values_and_through_copy(empty_dsn: str) -> None:
    document = {"målgruppe": ["autisme"], "points": 12, "none": None}
    async with await create_pool(empty_dsn, application_name="test") as pool:
        assert await pool.fetchval("SELECT $1::jsonb", document) == document
        assert await pool.fetchval("SELECT $1::json", document) == document
        await pool.execute("CREATE TABLE documents (id int, body jsonb)")
        async with pool.acquire() as connection:
            await connection.copy_records_to_table("documents", records=[(1, document), (2, [1, 2])])
        assert await pool.fetchval("SELECT body->>'points' FROM documents WHERE id = 1") == "12"


async def test_an_open_transaction_does_not_survive_the_return_to_the_pool(empty_dsn: str) -> None:
    async with await create_pool(empty_dsn, application_name="test", min_size=1, max_size=1) as pool:
        # asyncpg complains of it to the loop, as it should.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _complaint: None)
        async with pool.acquire() as connection:
            await connection.execute("BEGIN; CREATE TABLE half (id int)")
        assert await pool.fetchval("SELECT to_regclass('half')") is None


async def test_queries_are_called_by_name_with_named_parameters(empty_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text(
        """
-- name: make_needs()#
-- What the needs are kept in.
CREATE TABLE needs (id text PRIMARY KEY, body jsonb NOT NULL);

-- name: add_needs(need_id, body)*!
-- Several needs at once.
INSERT INTO needs VALUES (:need_id, :body);

-- name: need(need_id)^
-- One need; a cast is no parameter.
SELECT id::text, body FROM needs WHERE id = :need_id;

-- name: needs(section)
-- Those under a section.
SELECT id FROM needs WHERE body->>'section' = :section ORDER BY id;

-- name: count_of_needs()$
-- How many there are.
SELECT count(*) FROM needs;

-- name: remove(need_id)!
-- The need and no other.
DELETE FROM needs WHERE id = :need_id;
""",
        encoding="utf-8",
    )
    queries = load_queries(file)
    async with await create_pool(empty_dsn, application_name="test") as pool:
        await queries.make_needs(pool)
        async with pool.acquire() as connection, connection.transaction():
            rows = [{"need_id": "n1", "body": {"section": "103"}}, {"need_id": "n2", "body": {"section": "104"}}]
            await queries.add_needs(connection, rows)
        assert (await queries.need(pool, need_id="n1"))["body"] == {"section": "103"}
        assert await queries.need(pool, need_id="n3") is None
        assert [row["id"] async for row in queries.needs(pool, section="104")] == ["n2"]
        assert await queries.remove(pool, need_id="n1") == "DELETE 1"
        assert await queries.count_of_needs(pool) == 1


async def test_the_health_check_says_that_the_database_is_well_and_that_the_pool_is_closed(empty_dsn: str) -> None:
    pool = await create_pool(empty_dsn, application_name="test")
    assert await check_database(pool) == (True, "PostgreSQL answers")
    await pool.close()
    well, detail = await check_database(pool)
    assert not well
    assert "pool" in detail


async def test_a_pool_is_not_waited_for_when_waiting_does_not_help(empty_dsn: str) -> None:
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncio.wait_for(create_pool(dsn_of(empty_dsn, "no_such_database"), application_name="test"), 5)


async def test_a_listener_hears_again_after_its_backend_is_terminated_and_says_that_it_may_have_missed_some(
    empty_dsn: str,
) -> None:
    heard: list[str] = []
    connects: list[bool] = []
    listener = Listener(
        empty_dsn, {"places": heard.append}, on_reconnect=lambda: connects.append(True), application_name="listening"
    )
    listening = asyncio.create_task(listener.run())
    admin = await asyncpg.connect(empty_dsn)
    try:
        await asyncio.wait_for(listener.wait_until_listening(), 5)
        await admin.execute("NOTIFY places, 'first'")
        await eventually(lambda: heard, until=lambda seen: seen == ["first"])

        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listening'")
        await eventually(lambda: len(connects), until=lambda times: times == 2)
        await admin.execute("NOTIFY places, 'second'")
        await eventually(lambda: heard, until=lambda seen: seen == ["first", "second"])
    finally:
        listening.cancel()
        await asyncio.wait({listening})
        await admin.close()
