"""The embedded PostgreSQL against itself: started, killed, started again, refused."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded import privileges
from deploy.embedded.databases import create_database, role_dsn
from deploy.embedded.errors import CannotStartError
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as postgres:
        yield postgres


async def test_a_killed_postgres_comes_back_with_everything_that_was_committed(own_postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(own_postgres.dsn)
    await connection.execute("CREATE TABLE kept (number int)")
    await connection.execute("INSERT INTO kept SELECT generate_series(1, 100)")
    before = own_postgres.server.pid
    own_postgres.kill()
    connection.terminate()
    own_postgres.restart()

    assert own_postgres.server.pid != before
    connection = await asyncpg.connect(own_postgres.dsn)
    assert await connection.fetchval("SELECT count(*) FROM kept") == 100
    await connection.close()


async def test_it_knows_the_case_of_danish_letters(own_postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(own_postgres.dsn)
    assert await connection.fetchval("SELECT lower('ÆØÅ')") == "æøå"
    await connection.close()


async def test_nobody_comes_in_without_the_password(own_postgres: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(role_dsn(own_postgres.dsn, "ledigplads", "guessed"))


async def test_a_service_gets_a_database_of_its_own_and_finds_it_again(own_postgres: EmbeddedPostgres) -> None:
    first = await create_database(own_postgres.dsn, "ledigplads_trial", "secret")
    assert await create_database(own_postgres.dsn, "ledigplads_trial", "changed") == role_dsn(
        own_postgres.dsn, "ledigplads_trial", "changed"
    )
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(first)
    connection = await asyncpg.connect(role_dsn(own_postgres.dsn, "ledigplads_trial", "changed"))
    # A service's own migrations need this much and no administrator.
    await connection.execute("CREATE EXTENSION pg_trgm")
    assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await connection.close()


def test_a_taken_port_is_said_in_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        postgres = EmbeddedPostgres(tmp_path, port)
        with pytest.raises(CannotStartError, match=f"another process has taken port {port}: end that process"):
            postgres.start()
        assert not postgres.server.running


def test_root_below_a_closed_folder_and_without_namespaces_is_told_which_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privileges, "user_namespace", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(privileges, "_closed_to", lambda _account, _path: closed)
    with pytest.raises(CannotStartError, match=f"may not enter {closed}: run this as an ordinary user"):
        privileges.without_rights([closed / "data"])
