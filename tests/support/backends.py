"""Where the real Kafka and PostgreSQL of a run come from: servers that exist, containers, or the embedded ones."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pytest

from deploy.embedded.errors import CannotStartError
from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from shared.messaging.security import Brokers
from shared.messaging.settings import KafkaSettings
from tests.support import containers

Backend = Literal["external", "docker", "embedded"]

_KAFKA = "LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS"
_POSTGRES = "LEDIGPLADS_POSTGRES_DSN"


@dataclass(frozen=True, slots=True)
class Kafka:
    """The session's Kafka.

    Attributes:
        bootstrap_servers: for clients, as one who may do everything.
    """

    bootstrap_servers: Brokers


@dataclass(frozen=True, slots=True)
class Postgres:
    """The session's PostgreSQL.

    Attributes:
        dsn: of an administrator, who may make databases.
    """

    dsn: str


def choose_backend() -> Backend:
    """Decide once for the run, by TEST_BACKEND=auto|external|docker|embedded.

    Raises:
        pytest.UsageError: the value is unknown, or what it asks for is not there.
    """
    asked = os.environ.get("TEST_BACKEND", "auto")
    match asked:
        case "auto":
            return _best_at_hand()
        case "external":
            if missing := [name for name in (_KAFKA, _POSTGRES) if not os.environ.get(name)]:
                raise pytest.UsageError(f"TEST_BACKEND=external needs {' and '.join(missing)}")
            return asked
        case "docker":
            if trouble := containers.what_is_missing():
                raise pytest.UsageError(f"TEST_BACKEND=docker cannot be used: {trouble}")
            return asked
        case "embedded":
            return asked
        case _:
            raise pytest.UsageError(f"TEST_BACKEND is {asked!r}; it must be one of auto, {', '.join(get_args(Backend))}")


def _best_at_hand() -> Backend:
    if os.environ.get(_KAFKA) and os.environ.get(_POSTGRES):
        return "external"
    return "docker" if not containers.what_is_missing() else "embedded"


@contextmanager
def kafka_of(backend: Backend, directory: Path) -> Iterator[Kafka]:
    """Have the session's Kafka, started if the backend starts one."""
    match backend:
        case "external":
            yield Kafka(KafkaSettings().brokers)
        case "docker":
            with _or_end_the_run(), containers.kafka() as bootstrap_servers:
                yield Kafka(Brokers(bootstrap_servers))
        case "embedded":
            with _thrown_away(directory), EmbeddedKafka(directory) as server:
                yield Kafka(server.bootstrap_servers)


@contextmanager
def postgres_of(backend: Backend, directory: Path) -> Iterator[Postgres]:
    """Have the session's PostgreSQL, started if the backend starts one."""
    match backend:
        case "external":
            yield Postgres(os.environ[_POSTGRES])
        case "docker":
            with _or_end_the_run(), containers.postgres() as dsn:
                yield Postgres(dsn)
        case "embedded":
            with _thrown_away(directory), EmbeddedPostgres(directory, durable=False) as server:
                yield Postgres(server.dsn)


@contextmanager
def _thrown_away(directory: Path) -> Iterator[None]:
    """Let no data outlive the run: pytest keeps its folders, and three runs of Kafka fill a small disk."""
    try:
        with _or_end_the_run():
            yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _or_end_the_run() -> Iterator[None]:
    try:
        yield
    except CannotStartError as error:
        pytest.exit(f"The tests need real servers, and one cannot start: {error}", returncode=1)
