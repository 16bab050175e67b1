"""The fixtures of every test: real servers once per session, topics and databases of each test's own."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from shared.messaging.topics import TopicNames, Topics, load_topics
from tests.support import identity
from tests.support.backends import Backend, Kafka, Postgres, choose_backend, kafka_of, postgres_of
from tests.support.citizens import Keys, make_keys
from tests.support.databases import cloned, drop_database, make_template
from tests.support.topics import create_all, declare_few_partitions, delete_all_under

REPOSITORY = Path(__file__).parents[1]

_BACKEND = pytest.StashKey[Backend]()

# A first call that reads a list is slow once, and a machine may be busy: no test asks how long something took.
settings.register_profile("unhurried", parent=settings.default, deadline=None)
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_BACKEND] = choose_backend()
    # Settings that tests make, and processes that they start, believe the tokens of tests/support/identity.py.
    os.environ.update(identity.environment())


def pytest_report_header(config: pytest.Config) -> str:
    return f"servers: {config.stash[_BACKEND]} (TEST_BACKEND=auto|external|docker|embedded)"


@pytest.fixture(scope="session")
def backend(pytestconfig: pytest.Config) -> Backend:
    return pytestconfig.stash[_BACKEND]


@pytest.fixture(scope="session")
def kafka(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with kafka_of(backend, tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres_of(backend, tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def mortal_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A Kafka of the test's own, to kill and restart; some 5 s, so only where that is the point."""
    with EmbeddedKafka(tmp_path / "kafka") as server:
        yield server


@pytest.fixture
def mortal_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of the test's own, to kill and restart; it keeps what it acknowledged."""
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        yield server


@pytest.fixture
def names() -> TopicNames:
    """Names of topics and groups that no other test has."""
    return TopicNames(prefix=f"t{uuid4().hex[:10]}-")


@pytest.fixture(scope="session")
def topics_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """deploy/topics.yaml with few partitions: LEDIGPLADS_TOPICS_FILE of the services under test."""
    written = tmp_path_factory.mktemp("topics") / "topics.yaml"
    declare_few_partitions(REPOSITORY / "deploy" / "topics.yaml", written)
    return written


@pytest.fixture
async def topics(kafka: Kafka, names: TopicNames, topics_file: Path) -> AsyncIterator[Topics]:
    """All declared topics (but those of partners), made for this test and deleted after it."""
    declared = load_topics(topics_file)
    await create_all(kafka.bootstrap_servers, declared, names)
    yield declared
    await delete_all_under(kafka.bootstrap_servers, names)


@pytest.fixture(scope="session")
def empty_template(postgres: Postgres) -> Iterator[str]:
    yield from _template(postgres, "empty")


@pytest.fixture(scope="session")
def outbox_template(postgres: Postgres) -> Iterator[str]:
    yield from _template(postgres, "outbox", "shared/messaging/migrations")


@pytest.fixture(scope="session")
def intake_template(postgres: Postgres) -> Iterator[str]:
    yield from _template(postgres, "intake", "services/intake/migrations", "shared/messaging/migrations")


@pytest.fixture(scope="session")
def notifications_template(postgres: Postgres) -> Iterator[str]:
    yield from _template(postgres, "notifications", "services/notifications/migrations", "shared/messaging/migrations")


def _template(postgres: Postgres, name: str, *folders: str) -> Iterator[str]:
    template = make_template(postgres.dsn, name, [REPOSITORY / folder for folder in folders])
    yield template
    drop_database(postgres.dsn, template)


@pytest.fixture
async def empty_dsn(postgres: Postgres, empty_template: str) -> AsyncIterator[str]:
    """A database of the test's own with nothing in it."""
    async with cloned(postgres.dsn, empty_template) as dsn:
        yield dsn


@pytest.fixture
async def outbox_dsn(postgres: Postgres, outbox_template: str) -> AsyncIterator[str]:
    """A database of the test's own with the messaging piece's tables."""
    async with cloned(postgres.dsn, outbox_template) as dsn:
        yield dsn


@pytest.fixture
async def intake_dsn(postgres: Postgres, intake_template: str) -> AsyncIterator[str]:
    """A database of the test's own with intake's tables."""
    async with cloned(postgres.dsn, intake_template) as dsn:
        yield dsn


@pytest.fixture
async def keys(postgres: Postgres, tmp_path: Path) -> Keys:
    """What intake needs to keep citizens' data: a database of keys of the test's own, and new master keys."""
    return await make_keys(postgres.dsn, tmp_path)


@pytest.fixture
async def notifications_dsn(postgres: Postgres, notifications_template: str) -> AsyncIterator[str]:
    """A database of the test's own with notifications' tables."""
    async with cloned(postgres.dsn, notifications_template) as dsn:
        yield dsn
