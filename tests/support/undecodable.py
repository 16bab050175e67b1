"""A record that aiokafka itself cannot decode: the name of a header is not UTF-8, as a foreign producer may write it."""

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record._crc32c import crc as crc32c

from shared.messaging.security import client_options


async def write_with_broken_header_name(bootstrap: str, topic: str) -> None:
    """Write a batch whose bytes were changed after the library made them, with a checksum that fits."""

    class Broken(BatchBuilder):  # type: ignore[misc] # aiokafka has no types
        def _build(self) -> bytes:
            made = bytearray(super()._build()).replace(b"NAME", b"\xff\xfe\xfd\xfc")
            made[17:21] = crc32c(bytes(made[21:])).to_bytes(4, "big")
            return bytes(made)

    async with AIOKafkaProducer(**client_options(bootstrap)) as writer:
        await writer.partitions_for(topic)
        batch = Broken(16384, 0)
        batch.append(key=b"2", value=b"2", timestamp=1, headers=[("NAME", b"")])
        batch.close()
        await (await writer.send_batch(batch, topic, partition=TopicPartition(topic, 0).partition))
