"""A road whose log forgets in seconds, with servers of its own, so that their files can be searched to the last byte."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres, find_binaries
from shared.messaging.security import client_options
from shared.messaging.topics import TopicNames
from tests.support.citizens import Keys, make_keys
from tests.support.databases import dsn_of
from tests.support.processes import REPOSITORY
from tests.support.road import Around, Road, new_surroundings
from tests.support.topics import declare_forgetful

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from pathlib import Path

_BLOCK = 1 << 20


class RoadWithKeys(Road):
    """Its intake keeps citizens' data."""

    def __init__(self, around: Around, folder: Path, keys: Keys) -> None:
        self.keys = keys
        super().__init__(around, folder)

    @property
    def intake_environment(self) -> dict[str, str]:
        return super().intake_environment | self.keys.environment


@dataclass(frozen=True)
class Forgetful:
    """The road and its servers."""

    road: RoadWithKeys
    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres
    folder: Path

    def dump(self) -> bytes:
        """Back up intake's database, as an operator does."""
        command = [str(find_binaries() / "pg_dump"), "--no-owner", "--dbname", self.road.around.intake_dsn]
        return subprocess.run(command, check=True, capture_output=True).stdout

    async def restore(self, dump: bytes, name: str) -> str:
        """Put a backup into a database beside the others; gives its DSN."""
        connection = await asyncpg.connect(self.postgres.dsn)
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        dsn = dsn_of(self.postgres.dsn, name)
        command = [str(find_binaries() / "psql"), "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", dsn]

        def put_back() -> None:
            subprocess.run(command, input=dump, check=True, capture_output=True)

        await asyncio.to_thread(put_back)
        return dsn

    async def checkpoint(self) -> None:
        """Have PostgreSQL write what it has in memory."""
        connection = await asyncpg.connect(self.postgres.dsn)
        try:
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    def files_with(self, needles: Collection[bytes]) -> dict[str, set[bytes]]:
        """Search the data files of PostgreSQL (not its WAL), the segments of Kafka and every log; gives what was found by file."""
        places = [
            *(self.folder / "postgres").rglob("base/**/*"),
            *(self.folder / "postgres").rglob("global/*"),
            *(self.folder / "kafka").rglob("*.log"),
            *(self.folder / "kafka").rglob("*.deleted"),
            *(self.folder / "road").glob("*.log"),
        ]
        found = {str(place.relative_to(self.folder)): _needles_in(place, needles) for place in places if place.is_file()}
        return {place: there for place, there in found.items() if there}


def _needles_in(place: Path, needles: Collection[bytes]) -> set[bytes]:
    longest = max(len(needle) for needle in needles)
    found: set[bytes] = set()
    try:
        with place.open("rb") as file:
            before = b""
            while block := file.read(_BLOCK):
                found.update(needle for needle in needles if needle in before + block)
                before = block[-longest:]
    except FileNotFoundError:  # a segment that has just been compacted away
        return set()
    return found


@asynccontextmanager
async def forgetful(folder: Path) -> AsyncIterator[Forgetful]:
    """Start servers, topics with the profile `test`, and the services."""
    (folder / "road").mkdir()
    topics_file = folder / "topics.yaml"
    declare_forgetful(REPOSITORY / "deploy" / "topics.yaml", topics_file)
    names = TopicNames("f-")
    async with (
        EmbeddedKafka(folder / "kafka") as kafka,
        EmbeddedPostgres(folder / "postgres", durable=False) as postgres,
        new_surroundings(kafka.bootstrap_servers, postgres.dsn, topics_file, names) as around,
    ):
        await _compact_at_once(kafka.bootstrap_servers, names)
        async with RoadWithKeys(around, folder / "road", await make_keys(postgres.dsn, folder)) as road:
            yield Forgetful(road, kafka, postgres, folder)


async def _compact_at_once(bootstrap: str, names: TopicNames) -> None:
    """Have the broker look for work every half second, and delete files at once: by default 15 and 60 seconds."""
    admin = AIOKafkaAdminClient(**client_options(bootstrap))
    await admin.start()
    try:
        broker = ConfigResource(ConfigResourceType.BROKER, "1", configs={"log.cleaner.backoff.ms": "500"})
        topics = [
            ConfigResource(
                ConfigResourceType.TOPIC,
                names.topic(name),
                configs={
                    "cleanup.policy": "compact",
                    "max.compaction.lag.ms": "2000",
                    "segment.ms": "2000",
                    "delete.retention.ms": "2000",
                    "file.delete.delay.ms": "500",
                },
            )
            for name in ("need-profiles", "matches")
        ]
        await admin.alter_configs([broker, *topics])
    finally:
        await admin.close()
