"""The embedded Kafka asks for logins, also on data that was made before it did."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from aiokafka.errors import KafkaConnectionError

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.superuser import Superuser
from shared.messaging.log import read_to_end
from shared.messaging.producing import Producer
from shared.messaging.topics import TopicNames, create_topics, list_topics, load_topics

if TYPE_CHECKING:
    from pathlib import Path

    from shared.messaging.security import Brokers


class KafkaOfBefore(EmbeddedKafka):
    """As it was when it asked nobody."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.superuser = NoSuperuser(directory)

    def _properties(self, index: int, data: Path) -> str:
        asking = self.superuser.properties()
        lines = super()._properties(index, data).replace("SASL_PLAINTEXT", "PLAINTEXT").splitlines()
        return "".join(f"{line}\n" for line in lines if line.partition("=")[0] not in asking)


class NoSuperuser(Superuser):
    def let_in(self, brokers: Brokers) -> None:
        """Everybody is in already."""


async def test_data_from_before_logins_is_kept_and_asks_for_them_from_now_on(tmp_path: Path, topics_file: Path) -> None:
    folder = tmp_path / "kafka"
    async with KafkaOfBefore(folder) as before:
        addresses, ports = str(before.bootstrap_servers), before.ports
        await create_topics(addresses, load_topics(topics_file), TopicNames())
        async with Producer(addresses) as producer:
            await producer.publish("offers", key="a", value=b"{}")
    (folder / "superuser.json").unlink()

    async with EmbeddedKafka(folder, ports=ports) as kafka:
        with pytest.raises(KafkaConnectionError):
            await list_topics(addresses)
        found = [record.key async for records in read_to_end(kafka.bootstrap_servers, "offers") for record in records]
        assert found == ["a"]
        for file in (folder / "superuser.json", folder / "node-1" / "server.properties"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        log = (folder / "node-1" / "server.log").read_text(encoding="utf-8", errors="replace")
        assert kafka.superuser.password not in log
