"""Protected addresses are planted by every way in, and looked for in everything that leaves intake: they are nowhere."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote
from uuid import uuid4

import orjson
import pytest

from services.intake.routes import routes
from shared.contracts import reference
from shared.identity import Role
from shared.messaging.log import read_to_end
from shared.messaging.producing import Producer
from shared.messaging.security import environment_of
from shared.messaging.topics import create_partner_topics, list_topics
from tests.support.citizens import make_keys
from tests.support.identity import bearer, token_for
from tests.support.intake import NEED, OFFER, VACANCY
from tests.support.planted import LATITUDE, LONGITUDE, PLACE, STREET, TOWN, Found, needles_in
from tests.support.processes import REPOSITORY, ServiceProcess
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import httpx2

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka, Postgres

CRISIS_CENTRE = OFFER | PLACE | {"name": "Krisecentret Stjernen", "kinds": ["SEL-109"], "sections": ["SEL-109"]}
"""§ 109: protected although nobody says so."""
FLAGGED = OFFER | PLACE | {"name": "Bostedet Planeten", "sections": ["SEL-107"], "kinds": ["SEL-107"], "address_protected": True}
OPEN = OFFER | {"name": "Bostedet Solen", "sections": ["SEL-107"], "kinds": ["SEL-107"]}
SITE = {name: PLACE[name] for name in ("municipality", "point", "address")} | {"address_protected": True}
"""A department of an open offer that does not lie where the offer lies."""

BED = {key: value for key, value in VACANCY.items() if key not in {"offer_id", "sections"}} | {
    "contact": PLACE["contact"],
    "sections": ["SEL-107"],
}
TELLING = {
    "text_da": f"Vi ligger på {STREET} 173 i {TOWN}, se https://zqxvorn.dk",
    "reserved_for_municipalities": ["0756"],
    "opening_hours": [{"weekday": 1, "opens": "08:30", "closes": "15:30"}],
    "price_lines": [{"label_da": f"Døgn på {STREET}", "amount_dkk": 1200, "unit": "calendar_day"}],
}
BETRAYING: list[dict[str, Any]] = [
    {"title_da": f"Ledig seng på {STREET} 173"},
    {"title_da": "Ledig seng paa Kvidderbaeksvej 173"},
    {"title_da": "Ledig seng i Ikast-Brande"},
    {"title_da": f"Ledig seng i {TOWN}"},
    {"title_da": "Ledig seng, 8766 Nørre Snede"},
    {"contact": {"phone": f"{STREET} 173"}},
]
PUBLIC_OFFERS = {"krise": CRISIS_CENTRE, "planeten": FLAGGED, "solen": OPEN}
POLICIES = REPOSITORY / "services" / "intake" / "policies"
IDS = {"offer_id": ("krise", "planeten", "solen"), "kind": ("offers", "vacancies", "needs"), "form": ("csv", "xlsx", "jsonl")}

_OTHER_IDS = {"vacancy_id": ("{vacancy}",), "need_id": ("{need}",), "citizen_id": ("{need}",), "code_list": (), "code": ()}
"""Those that the test learns, by what it puts in their place: nobody is registered here as the citizen of a need."""


class Outside:
    """Everybody outside: callers by HTTP, a partner by Kafka, and whoever reads the topics and the log."""

    def __init__(self, process: ServiceProcess, producer: Producer, bootstrap: str, names: TopicNames) -> None:
        self.process = process
        self.producer = producer
        self.bootstrap = bootstrap
        self.names = names
        self.found = Found()
        self.vacancies: list[str] = []

    async def send(self, method: str, path: str, body: Any = None, *, accepted: bool | None = None) -> httpx2.Response:
        """Call, and look into the answer."""
        answer = await self.process.client.request(method, path, json=body)
        assert answer.status_code < 500, answer.text
        assert accepted is None or answer.is_success is accepted, (path, body, answer.text)
        self.found.look(f"{method} {path} {answer.status_code}", answer.content)
        return answer

    async def submit(self, kind: str, body: Any, **attributes: str) -> None:
        given = {
            "ce_specversion": "1.0",
            "ce_id": uuid4().hex,
            "ce_source": "skov",
            "ce_type": f"dk.ledigplads.{kind}.v1",
        } | {f"ce_{name}": value for name, value in attributes.items() if name != "key"}
        await self.producer.publish(
            self.names.topic("submissions-skov"),
            key=attributes.get("key"),
            value=body if isinstance(body, bytes) else orjson.dumps(body),
            headers=[(name, value.encode()) for name, value in given.items()],
        )

    async def receipts(self, count: int) -> None:
        async def look() -> int:
            batches = read_to_end(self.bootstrap, self.names.topic("receipts-skov"))
            return sum([len(batch) async for batch in batches])

        await eventually(look, until=lambda found: found >= count, within_seconds=60)

    async def is_quiet(self) -> None:
        async def look() -> bool:
            ready = (await self.process.client.get("/readyz")).json()["ready"]
            counts = (await self.process.client.get("/operator/counts")).json()
            return ready and not counts["outbox_waiting"] and not counts["search_waiting"]

        await eventually(look, within_seconds=60)


@pytest.fixture
async def outside(  # noqa: PLR0917 - fixtures, by name
    kafka: Kafka, postgres: Postgres, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str, tmp_path: Path
) -> AsyncIterator[Outside]:
    await create_partner_topics(kafka.bootstrap_servers, names, "skov", topics=topics)
    environment = {
        **environment_of(kafka.bootstrap_servers),
        "LEDIGPLADS_TOPIC_PREFIX": names.prefix,
        "LEDIGPLADS_TOPICS_FILE": str(topics_file),
        "LEDIGPLADS_INTAKE_POSTGRES_DSN": intake_dsn,
        "LEDIGPLADS_LOG_LEVEL": "debug",
        **(await make_keys(postgres.dsn, tmp_path)).environment,
    }
    async with AsyncExitStack() as stack:
        process = ServiceProcess("services.intake", environment, log=tmp_path / "intake.log")
        stack.push_async_exit(process)
        await process.start(ready_within_seconds=90)
        producer = await stack.enter_async_context(Producer(kafka.bootstrap_servers))
        yield Outside(process, producer, kafka.bootstrap_servers, names)


def addresses() -> Iterator[tuple[str, str]]:
    """Every address that can be fetched, with every id of the test; a route with a name that is not known here fails."""
    for route in routes():
        if "GET" not in (route.methods or ()):
            continue
        paths = [route.path]
        for name in route.param_convertors:
            values = IDS.get(name) or _OTHER_IDS[name]
            paths = [path.replace(f"{{{name}}}", value) for path in paths for value in values]
        yield from ((route.path, path) for path in paths)
    for asked in (
        f"q={quote(STREET)}",
        f"q={quote(TOWN)}",
        "q=krisecenter",
        "q=bosted",
        f"near={LATITUDE},{LONGITUDE}&distance_km=10",
    ):
        yield "/search", f"/search?{asked}"
        yield "/search.html", f"/search.html?{asked}"
    for offer_id in IDS["offer_id"]:
        yield "/search/why", f"/search/why?offer={offer_id}&q=bosted"


async def test_a_protected_address_planted_by_every_way_in_is_found_nowhere_outside_intake(outside: Outside) -> None:
    before = await _answers(outside, ["none"], "none")
    excused = {path: frozenset(needles_in(content)) for path, content in before.items()}
    assert excused["/codes"] == frozenset(), "a list of lists leads nowhere"

    await _plant_by_http(outside)
    await _plant_by_kafka(outside)
    await _plant_by_sheet(outside)
    need = (await outside.send("POST", "/needs", NEED, accepted=True)).json()["need_id"]
    await outside.is_quiet()

    for path, content in (await _answers(outside, outside.vacancies, need)).items():
        # A page may repeat to somebody what he asked for himself.
        asked = frozenset(needles_in(unquote(path.partition("?")[2]).encode()))
        outside.found.look(path, content, allowed=excused.get(path, frozenset()) | asked)
    records = await _look_into_topics(outside)
    log = outside.process.output()
    outside.found.look("log", log.encode())
    assert outside.found.places == []
    # What was searched was there to be found.
    assert len(outside.vacancies) >= 6
    assert records > 25
    assert '"submission_rejected"' in log
    hits = (await outside.process.client.get("/search", params={"q": "krisecenter"})).json()
    assert "Krisecentret Stjernen" in orjson.dumps(hits).decode()


async def test_nobody_finds_a_protected_place_by_its_address_and_its_landsdel_is_all_that_a_search_knows(
    outside: Outside,
) -> None:
    await _plant_by_http(outside)
    await outside.is_quiet()
    for words in (STREET, f"{STREET} 173", "zqxvorn", PLACE["cvr"], PLACE["p_number"], PLACE["register_id"]):
        assert await _protected_hits(outside, q=words) == set(), words
    own = reference.municipalities()["0756"]
    [other, *_] = [one for one in reference.municipalities().values() if one.landsdel == own.landsdel and one.code != own.code]
    near = {"distance_km": "10"}
    for asked in (
        {"kommune": own.code},
        {"kommune": other.code},
        {"near": f"{LATITUDE},{LONGITUDE}"} | near,
        {"near": other.code} | near,
    ):
        assert await _protected_hits(outside, **asked) == {"krise", "planeten"}, asked


async def _protected_hits(outside: Outside, **asked: str) -> set[str]:
    answer = await outside.process.client.get("/search", params=asked)
    assert answer.status_code == 200, answer.text
    return {hit["offer_id"] for hit in answer.json()["hits"]} & {"krise", "planeten"}


async def _plant_by_http(outside: Outside) -> None:
    for offer_id, draft in PUBLIC_OFFERS.items():
        await outside.send("PUT", f"/offers/{offer_id}", draft, accepted=True)
    for offer_id in ("krise", "planeten"):
        await _post(outside, BED | TELLING | {"offer_id": offer_id, "sections": PUBLIC_OFFERS[offer_id]["sections"]})
    department = await _post(outside, BED | TELLING | SITE | {"offer_id": "solen"})
    # § 109 under an offer that names another section; and a place that is protected afterwards.
    await _post(outside, BED | TELLING | SITE | {"offer_id": "solen", "sections": ["SEL-109"], "address_protected": False})
    for betraying in BETRAYING:
        body = BED | SITE | {"offer_id": "solen"} | betraying
        await outside.send("POST", "/vacancies", body, accepted=False)
        await outside.send("PATCH", f"/vacancies/{department}", betraying, accepted=False)
        await outside.send("POST", "/vacancies:batch", [body])
    await outside.send("PATCH", f"/vacancies/{department}", {"places_free": 1}, accepted=True)
    await outside.send("POST", f"/vacancies/{department}/confirm")
    await outside.send("PUT", "/offers/planeten", FLAGGED | {"text_da": TELLING["text_da"]}, accepted=True)


async def _post(outside: Outside, body: dict[str, Any]) -> str:
    told = (await outside.send("POST", "/vacancies", body, accepted=True)).json()
    outside.vacancies.append(told["vacancy_id"])
    return str(told["vacancy_id"])


async def _plant_by_kafka(outside: Outside) -> None:
    partner = {"partner": "skov", "offers": list(PUBLIC_OFFERS), "kinds": ["offer", "vacancy", "need"]}
    await outside.send("POST", "/operator/partners", partner, accepted=True)
    await outside.submit("offer.submitted", CRISIS_CENTRE | {"text_da": TELLING["text_da"]}, key="o", subject="krise")
    await outside.submit("offer.submitted", CRISIS_CENTRE | {"name": f"Huset på {STREET} 173"}, key="o", subject="krise")
    bed = BED | TELLING | {"offer_id": "krise", "sections": ["SEL-109"], "reference": "bed-1"}
    await outside.submit("vacancy.submitted", bed, key="bed-1")
    await outside.submit("vacancy.submitted", BED | SITE | {"offer_id": "solen", "reference": "bed-2"}, key="bed-2")
    for number, betraying in enumerate(BETRAYING):
        await outside.submit("vacancy.submitted", bed | {"reference": f"b-{number}"} | betraying, key=f"b-{number}")
    await outside.submit("vacancy.submitted", f'{{"{STREET} 173": "{TOWN}", "address": 8766'.encode(), key="no-json")
    await outside.submit("vacancy.submitted", bed | {f"{STREET} 173": TOWN}, key="extra")
    await outside.submit("vacancy.withdrawn", {"reference": "bed-1"}, key="bed-1")
    await outside.receipts(4 + len(BETRAYING) + 3)


async def _plant_by_sheet(outside: Outside) -> None:
    heading = "Reference;Tilbuds-id;Titel;Paragraffer;Ledige pladser;Adresse;Kommune;Beskyttet adresse"
    rows = [
        f"ark-1;solen;En plads;SEL-107;1;{PLACE['address']};0756;ja",
        f"ark-2;solen;Seng på {STREET} 173;SEL-107;1;{PLACE['address']};0756;ja",
        f"ark-3;{STREET};En plads;{TOWN};8766;{PLACE['address']};0756;ja",
    ]
    for asked, first in (({"dry_run": "true"}, "accepted"), ({}, "accepted"), ({}, "unchanged")):
        answer = await outside.process.client.post(
            "/sheets/vacancies",
            content="\r\n".join((heading, *rows)).encode(),
            headers={"Content-Type": "text/csv"},
            params=asked,
        )
        assert answer.status_code == 200, answer.text
        outside.found.look("sheet report", answer.content)
        outcomes = [outcome for line in answer.content.splitlines() if (outcome := orjson.loads(line).get("outcome"))]
        assert outcomes == [first, "rejected", "rejected"], answer.text
    listed = (await outside.process.client.get("/vacancies")).json()["vacancies"]
    outside.vacancies = [one["vacancy_id"] for one in listed]


async def _answers(outside: Outside, vacancies: list[str], need: str) -> dict[str, bytes]:
    """Ask as somebody who may ask, and whose places these are not."""
    found: dict[str, bytes] = {}
    roles = (Role.OFFER_STAFF, Role.CASEWORKER, Role.TEAM_LEAD, Role.OPERATOR)
    stranger = bearer(token_for(*roles, offers=["elsewhere"], municipality=NEED["handlekommune"]))
    for _, template in addresses():
        paths = [template.replace("{vacancy}", vacancy).replace("{need}", need) for vacancy in vacancies]
        for path in dict.fromkeys(paths):
            answer = await outside.process.client.get(path, headers=stranger)
            assert answer.status_code < 500, (path, answer.text)
            assert answer.status_code != 429, "a refusal for asking too often says nothing about what would be told"
            found[path] = answer.content
    return found


async def _look_into_topics(outside: Outside) -> int:
    """Look into every record of every topic of the test but the partner's own; gives how many there were."""
    count = 0
    # The policy names towns of every landsdel, where their water is reckoned from: in the repository, whoever plants what.
    policy = frozenset(needle for file in POLICIES.glob("*.yaml") for needle in needles_in(file.read_bytes()))
    for topic in await list_topics(outside.bootstrap):
        name = outside.names.logical(topic)
        if not topic.startswith(outside.names.prefix) or name == "submissions-skov":
            continue
        async for records in read_to_end(outside.bootstrap, topic):
            for record in records:
                count += 1
                headers = b"\n".join(name.encode() + b": " + (value or b"") for name, value in record.headers)
                content = b"\n".join((record.key_bytes or b"", headers, record.value or b""))
                outside.found.look(f"{name} {record.key}", content, allowed=policy if name == "settings" else frozenset())
    return count
