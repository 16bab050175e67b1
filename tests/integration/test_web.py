"""How every service answers over HTTP."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette

from shared.web import health_routes
from tests.support.demo_service import DemoSettings, build_app
from tests.support.running import running


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    settings = DemoSettings(kafka_bootstrap_servers="nowhere:1", port=1)
    async with running(build_app(settings)) as service:
        yield service.client


async def test_a_wrong_body_is_answered_with_every_wrong_field_in_two_languages_and_no_value(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/people", json={"age": "Hans Hansen"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [
        {"field": "name", "code": "missing", "text_da": "skal udfyldes", "text_en": "is required"},
        {"field": "age", "code": "int_parsing", "text_da": "skal være et helt tal", "text_en": "must be a whole number"},
    ]
    assert "Hans" not in answer.text


async def test_what_is_not_json_is_said_to_be_so(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/people", content=b'{"name": "Hans')
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == ["json_invalid"]
    assert "Hans" not in answer.text


async def test_a_body_beyond_the_limit_is_refused_before_it_is_read_whole(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/people", content=b" " * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert "4194304" in answer.json()["detail"]


async def test_what_is_not_there_and_what_is_not_allowed_are_problems_too(client: httpx2.AsyncClient) -> None:
    nowhere, wrong_method = await client.get("/nowhere"), await client.get("/people")
    assert (nowhere.status_code, wrong_method.status_code) == (404, 405)
    assert wrong_method.headers["allow"] == "POST"
    for answer in (nowhere, wrong_method):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-language"] == "da"
    assert nowhere.json()["title"] == "Siden findes ikke"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9,da;q=0.8", "en"),
        ("da, en;q=0.7", "da"),
        ("de", "da"),
        ("en;q=0", "da"),
        (";q=;,=,,\xe6", "da"),
    ],
)
async def test_a_problem_speaks_the_language_that_was_asked_for(client: httpx2.AsyncClient, asked: str, language: str) -> None:
    answer = await client.get("/nowhere", headers={b"Accept-Language": asked.encode("latin-1")})
    assert answer.headers["content-language"] == language
    assert answer.json()["title"] == {"da": "Siden findes ikke", "en": "There is nothing here"}[language]


async def test_an_error_of_ours_tells_the_caller_nothing_but_the_correlation_id(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/broken", params={"who": "Hans"}, headers={"X-Correlation-Id": "matter-7"})
    assert answer.status_code == 500
    assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"] == "matter-7"
    assert "Hans" not in answer.text


async def test_the_callers_correlation_id_comes_back_and_an_unfit_one_is_replaced(client: httpx2.AsyncClient) -> None:
    taken = await client.get("/healthz", headers={"X-Correlation-Id": "partner-1:42"})
    assert taken.headers.get_list("x-correlation-id") == ["partner-1:42"]
    replaced = await client.get("/healthz", headers={"X-Correlation-Id": 'a "quote" and more'})
    assert len(replaced.headers["x-correlation-id"]) == 32
    assert (await client.get("/healthz")).headers["x-correlation-id"] != replaced.headers["x-correlation-id"]


async def test_metrics_are_in_the_form_that_prometheus_reads(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "python_info" in answer.text


async def test_readiness_says_what_is_wrong_and_waits_for_no_check_that_hangs() -> None:
    async def well() -> tuple[bool, str]:
        return True, "restored"

    async def unwell() -> tuple[bool, str]:
        return False, "partition 3 waits for its vacancies"

    async def hanging() -> tuple[bool, str]:
        await asyncio.Event().wait()
        return True, "never said"

    async def failing() -> tuple[bool, str]:
        raise ConnectionRefusedError("Hans")

    checks = {"state": well, "partitions": unwell, "broker": hanging, "database": failing}
    async with running(Starlette(routes=health_routes(checks, within_seconds=0.1))) as service:
        answer, alive = await service.client.get("/readyz"), await service.client.get("/healthz")
    assert (answer.status_code, alive.status_code) == (503, 200)
    assert answer.json() == {
        "ready": False,
        "checks": {
            "state": {"ok": True, "detail": "restored"},
            "partitions": {"ok": False, "detail": "partition 3 waits for its vacancies"},
            "broker": {"ok": False, "detail": "no answer within 0.1 s"},
            "database": {"ok": False, "detail": "the check failed: ConnectionRefusedError"},
        },
    }


async def test_a_service_is_ready_when_every_check_is_well() -> None:
    async def well() -> tuple[bool, str]:
        return True, "fine"

    async with running(Starlette(routes=health_routes({"a": well, "b": well}))) as service:
        answer = await service.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
