"""What stands on the log: every record of every service is a CloudEvent in Kafka's binary mode, by the rules of this system."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson
import pytest

from shared.contracts.match import CLAIM_KEY
from tests.support.road import PATIENCE
from tests.support.schemas import errors_by_schema
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from shared.messaging.records import RawRecord
    from tests.support.cases import Case

pytestmark = pytest.mark.asyncio(loop_scope="session")

# topic: (source, types, field of the body that names the entity)
STATE: Final = {
    "offers": ("intake", {"offer"}, "offer_id"),
    "vacancies": ("intake", {"vacancy"}, "vacancy_id"),
    "need-profiles": ("intake", {"need-profile"}, "need_id"),
    "settings": ("intake", {"policy", "today"}, None),
    "matches": ("matching", {"match", "match-claim"}, "need_id"),
}


async def test_every_record_of_every_state_topic_bears_an_envelope_and_a_tombstone_bears_it_too(case: Case) -> None:
    road = case.road
    need_id = await case.post_need()
    await case.post_vacancy()
    await road.alerted(case.person)
    (await road.intake.client.delete(f"/needs/{need_id}")).raise_for_status()

    async def last_is_tombstone() -> bool:
        return [record.value for record in await road.records("matches", need_id)][-1] is None

    await eventually(last_is_tombstone, within_seconds=PATIENCE)
    for topic, (source, entities, id_field) in STATE.items():
        records = [record for record in await road.records(topic) if record.headers]  # other tests put garbage there
        assert records, topic
        for record in records:
            is_a_cloud_event(record)
            is_state(record, source, entities, id_field)
            if record.value is not None:
                assert errors_by_schema(headers_of(record)["ce_dataschema"], orjson.loads(record.value)) == []
    for topic in ("need-profiles", "matches"):
        assert [record.value for record in await road.records(topic, need_id)][-1] is None


def headers_of(record: RawRecord) -> dict[str, str]:
    """The headers as text; a name stands once, and no value is null."""
    names = [name for name, _ in record.headers]
    assert len(names) == len(set(names)), names
    return {name: value.decode() for name, value in record.headers if value is not None}


def is_a_cloud_event(record: RawRecord) -> None:
    """Check CloudEvents 1.0 (2.2 and 3.1) and its Kafka binding (3.2), written down from the specification, not from our reader."""
    headers = headers_of(record)
    attributes = {name.removeprefix("ce_"): value for name, value in headers.items() if name.startswith("ce_")}
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in attributes), attributes.keys()
    assert attributes["specversion"] == "1.0"
    assert all(attributes[name] for name in ("id", "source", "type", "subject", "dataschema", "partitionkey", "correlationid"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", attributes["time"])
    datetime.fromisoformat(attributes["time"])
    assert re.fullmatch(r"[a-z][a-z0-9+.-]*:.+", attributes["dataschema"]), "a URI with a scheme"
    assert headers["content-type"] == "application/json"
    assert attributes["partitionkey"] == record.key


def is_state(record: RawRecord, source: str, entities: set[str], id_field: str | None) -> None:
    """Check what DESIGN asks of a state topic beyond the specification."""
    headers = headers_of(record)
    # A tombstone of a need says also whether it was closed or erased.
    ends = "published|erased" if record.value is None else "published"
    kind = re.fullmatch(rf"dk\.ledigplads\.([a-z-]+)\.(?:{ends})\.v1", headers["ce_type"])
    assert kind is not None, headers["ce_type"]
    assert kind[1] in entities, kind[1]
    assert headers["ce_source"] == source
    assert headers["ce_subject"] == record.key
    position = re.fullmatch(rf"{re.escape(str(record.key))}/(\d+)/(\d+)", headers["ce_id"])
    assert position is not None, headers["ce_id"]
    if record.value is None or record.key == CLAIM_KEY:
        return
    body = orjson.loads(record.value)
    if id_field is not None:
        assert body[id_field] == record.key
    if source == "intake" and id_field is not None:
        assert body["version"] == int(position[2]), "the version stands in the body too"
