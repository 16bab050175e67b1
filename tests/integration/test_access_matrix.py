"""Every route, stream, page and export × everybody × own or another's, against the three services on real servers: 0 leaks.

What is expected stands in tests/contract/access-matrix.yaml, a line per route, reviewed by people. A route that is not in it, or is
in it and nowhere else, fails.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest
import pytest_asyncio
import yaml
from starlette.routing import Mount, Route

from services.matching.app import build_app as build_matching
from services.notifications.app import build_app as build_notifications
from services.notifications.settings import NotificationsSettings
from shared.identity import Role
from shared.identity.permissions import TABLE, Service
from shared.messaging.security import settings_of
from shared.messaging.topics import TopicNames, load_topics
from tests.support.access import (
    CASEWORKER,
    CPR,
    EVERYBODY,
    MATRIX,
    NEED_DRAFT,
    PARTNERS,
    SKOVLY,
    TEAM,
    VACANCY_DRAFT,
    Question,
    World,
    answer_to,
    questions,
)
from tests.support.backends import Kafka, Postgres
from tests.support.citizens import make_keys
from tests.support.databases import cloned
from tests.support.identity import bearer, token_for
from tests.support.intake import OFFER, running_intake
from tests.support.matching_log import worker_settings
from tests.support.running import RunningService, running
from tests.support.topics import create_all, delete_all_under
from tests.support.waiting import eventually

_EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))["routes"]
_CELLS = [(question, actor) for question in questions() for actor in EVERYBODY]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services(  # noqa: PLR0917 - fixtures
    kafka: Kafka,
    postgres: Postgres,
    topics_file: Path,
    intake_template: str,
    notifications_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[dict[Service, RunningService]]:
    names, bootstrap = TopicNames(f"access{uuid4().hex[:8]}-"), kafka.bootstrap_servers
    await create_all(bootstrap, load_topics(topics_file), names)
    async with AsyncExitStack() as stack:
        intake_dsn = await stack.enter_async_context(cloned(postgres.dsn, intake_template))
        notifications_dsn = await stack.enter_async_context(cloned(postgres.dsn, notifications_template))
        keys = await make_keys(postgres.dsn, tmp_path_factory.mktemp("keys"))
        intake = await stack.enter_async_context(running_intake(bootstrap, names, intake_dsn, topics_file, keys=keys))
        settings = NotificationsSettings(
            **settings_of(bootstrap),
            topic_prefix=names.prefix,
            topics_file=topics_file,
            port=1,
            notifications_postgres_dsn=notifications_dsn,
        )
        yield {
            Service.INTAKE: intake.service,
            Service.MATCHING: await stack.enter_async_context(
                running(build_matching(worker_settings(bootstrap, names, topics_file)))
            ),
            Service.NOTIFICATIONS: await stack.enter_async_context(running(build_notifications(settings))),
        }
    await delete_all_under(bootstrap, names)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(services: dict[Service, RunningService]) -> AsyncIterator[World]:
    """A need and a place that fits it, an alert about it, a partner on each side, and what was found of the posting."""
    intake, notifications = services[Service.INTAKE].client, services[Service.NOTIFICATIONS].client
    for partner in PARTNERS:
        (await intake.post("/operator/partners", json=partner)).raise_for_status()
    person = {"municipality": "0751", "team": TEAM}
    (await notifications.put(f"/notifications/operator/people/{CASEWORKER}", json=person)).raise_for_status()
    (await intake.put(f"/offers/{SKOVLY}", json=OFFER)).raise_for_status()
    vacancy_id = (await intake.post("/vacancies", json=VACANCY_DRAFT)).raise_for_status().json()["vacancy_id"]
    need_id = (await intake.post("/needs", json=NEED_DRAFT)).raise_for_status().json()["need_id"]
    citizen = {"cpr": CPR, "name": "Opdigtet Borger"}
    citizen_id = (await intake.put(f"/needs/{need_id}/citizen", json=citizen)).raise_for_status().json()["citizen_id"]
    (await intake.post(f"/vacancies/{vacancy_id}/observations", json={"finding": "still_free"})).raise_for_status()

    # A worker whose kernels are not compiled yet is up late.
    matching = services[Service.MATCHING].client
    await eventually(lambda: matching.get("/readyz"), until=lambda answer: answer.status_code == 200, within_seconds=300)

    async def alerts() -> list[Any]:
        answer = await notifications.get("/notifications/alerts", params={"person": CASEWORKER})
        return [orjson.loads(line) for line in answer.raise_for_status().content.splitlines()]

    await eventually(alerts, within_seconds=60)
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(httpx2.AsyncClient(base_url=one.url, timeout=15))
            for name, one in services.items()
        }
        yield World(
            clients,
            need=(await intake.get(f"/needs/{need_id}")).raise_for_status().json(),
            vacancy=(await intake.get(f"/vacancies/{vacancy_id}")).raise_for_status().json(),
            citizen_id=citizen_id,
        )


@pytest.mark.parametrize(("question", "actor"), _CELLS, ids=lambda value: value.name if isinstance(value, Question) else value)
async def test_everybody_gets_what_the_matrix_says_and_nothing_else(world: World, question: Question, actor: str) -> None:
    assert await answer_to(world, question, actor) == str(_EXPECTED[question.name][actor])


async def test_the_matrix_the_table_and_the_services_have_the_same_routes(services: dict[Service, RunningService]) -> None:
    served = {name for service, one in services.items() for name in _routes(service, one)}
    assert {row.name for row in TABLE} == served
    assert {question.name for question in questions()} == _EXPECTED.keys()
    assert all(set(line) == set(EVERYBODY) for line in _EXPECTED.values())


async def test_a_need_of_another_municipality_is_answered_as_one_that_does_not_exist(world: World) -> None:
    foreign = bearer(token_for(Role.CASEWORKER, person="sb-0791-1", municipality="0791"))
    for service, path in ((Service.INTAKE, "/needs/{}"), (Service.MATCHING, "/matching/needs/{}/near-misses")):
        client = world.clients[service]
        there, nowhere = [
            (await client.get(path.format(need_id), headers=foreign)) for need_id in (world.need["need_id"], str(uuid4()))
        ]
        assert there.status_code == nowhere.status_code == 404
        assert _without_matter(there) == _without_matter(nowhere)
    changes = [
        await world.clients[Service.INTAKE].post(f"/needs/{need_id}/close", json={"reason": "closed"}, headers=foreign)
        for need_id in (world.need["need_id"], str(uuid4()))
    ]
    assert _without_matter(changes[0]) == _without_matter(changes[1])


def _without_matter(answer: httpx2.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    return {name: value for name, value in body.items() if name != "correlation_id"}


def _routes(service: Service, one: RunningService) -> set[str]:
    found = set()
    for route in one.app.routes:
        if isinstance(route, Mount):
            found.add(f"{service} GET {route.path}/*")
        elif isinstance(route, Route):
            found |= {f"{service} {method} {route.path}" for method in route.methods or () if method != "HEAD"}
    return found
