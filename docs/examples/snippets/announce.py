"""Announce a place, read the answer, read every open place. Needs aiokafka (pip install aiokafka)."""

import asyncio
import json
import os
import ssl
import uuid
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

KAFKA = {
    "bootstrap_servers": os.environ["LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS"],
    "security_protocol": os.environ["LEDIGPLADS_KAFKA_SECURITY_PROTOCOL"],
    "ssl_context": ssl.create_default_context(),  # for SASL_SSL
    "sasl_mechanism": "SCRAM-SHA-512",
    "sasl_plain_username": os.environ["LEDIGPLADS_KAFKA_USERNAME"],
    "sasl_plain_password": os.environ["LEDIGPLADS_KAFKA_PASSWORD"],
}
PREFIX = os.environ.get("LEDIGPLADS_TOPIC_PREFIX", "")
PARTNER = "demo"


async def main() -> None:
    body = Path(__file__).with_name("vacancy.json").read_bytes()
    headers = {  # CloudEvents 1.0, binary mode; the same ce_id again is answered again and changes nothing
        "ce_specversion": "1.0",
        "ce_id": str(uuid.uuid4()),
        "ce_source": "our-system",
        "ce_type": "dk.ledigplads.vacancy.submitted.v1",
        "content-type": "application/json",
    }
    async with AIOKafkaProducer(**KAFKA, enable_idempotence=True) as producer:
        await producer.send_and_wait(
            f"{PREFIX}submissions-{PARTNER}",
            key=json.loads(body)["reference"].encode(),
            value=body,
            headers=[(name, value.encode()) for name, value in headers.items()],
        )

    from_the_beginning = {**KAFKA, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(f"{PREFIX}receipts-{PARTNER}", **from_the_beginning) as receipts:
        async for record in receipts:
            receipt = json.loads(record.value)
            if receipt["submission_id"] == headers["ce_id"]:
                break
    print(receipt["outcome"], receipt["entity_id"], receipt["reasons"])

    places = {}  # the last record under a key is the whole truth about it
    async with AIOKafkaConsumer(f"{PREFIX}vacancies", **from_the_beginning) as vacancies:
        while receipt["outcome"] == "accepted" and receipt["entity_id"] not in places:
            for records in (await vacancies.getmany(timeout_ms=1000)).values():
                places |= {record.key.decode(): record.value and json.loads(record.value) for record in records}
    for place in places.values():
        if place and place["status"] == "open":
            print(place["title_da"], place["places_free"])


asyncio.run(main())
