"""Reading one record again into the worker, under the version rule: an operator's call after a build that can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.matching.owners import Owners, partition_number
from services.matching.reading import read_vacancy
from services.matching.subscribers import MATCHES, NEEDS, SETTINGS, VACANCIES
from shared.messaging.log import read_one
from shared.messaging.records import Unreadable

if TYPE_CHECKING:
    from services.matching.service import Matching
    from services.matching.subscribers import NeedReader, SettingsReader
    from shared.messaging.records import RawRecord
    from shared.messaging.topics import TopicNames


class Replayer:
    """Reads a record by its coordinates and hands it to where its topic is handled."""

    def __init__(
        self,
        bootstrap: str,
        names: TopicNames,
        matching: Matching,
        settings: SettingsReader,
        needs: NeedReader,
        *,
        partitions: int,
        worker: str,
    ) -> None:
        self._bootstrap = bootstrap
        self._names = names
        self._matching = matching
        self._settings = settings
        self._needs = needs
        self._partitions = partitions
        self._worker = worker
        self._owners = Owners(bootstrap, names.group("matching"), names.topic(NEEDS))

    async def owner_of_need(self, need_id: str) -> str | None:
        return await self._owners.owner_of(partition_number(need_id, self._partitions))

    async def replay(self, topic: str, partition: int, offset: int) -> dict[str, Any]:
        """Give {"result": "applied" | "unreadable" | "gone" | "not_owner" | "rewritten", "worker": …, "owner": …}.

        "gone" is superseded: the owner of the data publishes the key's current state again. A record of `matches` needs no
        replay: what is true is written over it. Vacancies and settings are every worker's: each is to be asked.
        """
        told: dict[str, Any] = {"worker": self._worker, "owner": self._worker}
        if topic in (NEEDS, MATCHES) and partition not in self._matching.partitions:
            return told | {"result": "not_owner", "owner": await self._owners.owner_of(partition)}
        record = await read_one(self._bootstrap, self._names.topic(topic), partition, offset)
        if record is None:
            return told | {"result": "gone"}
        if topic == MATCHES:
            if record.key:
                self._matching.said_unreadable(partition, record.key)
            return told | {"result": "rewritten"}
        return told | {"result": "applied" if self._apply(topic, record) else "unreadable"}

    def _apply(self, topic: str, record: RawRecord) -> bool:
        if topic == SETTINGS:
            return self._settings.apply(record)
        if topic == NEEDS:
            return self._needs.take_needs(record.at.partition, [record])
        if topic != VACANCIES:
            raise ValueError(topic)
        event = read_vacancy(record)
        if isinstance(event, Unreadable):
            return False
        self._matching.vacancies_arrived([event])
        return True
