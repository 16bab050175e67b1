"""One road for all tests of this folder: each has people, needs and places of its own, so that none sees another's."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from shared.messaging.topics import TopicNames
from tests.support.backends import Kafka, Postgres
from tests.support.cases import Case
from tests.support.road import Road, new_surroundings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def road(
    kafka: Kafka, postgres: Postgres, topics_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Road]:
    names = TopicNames(prefix=f"e2e{uuid4().hex[:8]}-")
    async with (
        new_surroundings(kafka.bootstrap_servers, postgres.dsn, topics_file, names) as around,
        Road(around, tmp_path_factory.mktemp("road")) as whole,
    ):
        yield whole


@pytest.fixture(scope="session")
def case_numbers() -> Iterator[int]:
    return count()


@pytest_asyncio.fixture(loop_scope="session")
async def case(road: Road, case_numbers: Iterator[int]) -> Case:
    """A caseworker, an offer and a target group that no other test has."""
    made = Case(road, next(case_numbers))
    await made.begin()
    return made
