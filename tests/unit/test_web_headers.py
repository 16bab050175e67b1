"""Every answer of every service tells a browser to load, frame and guess nothing that a page has not asked for by a strict policy."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.intake.app import build_app as build_intake
from services.intake.http import pages as intake_pages
from services.intake.settings import IntakeSettings
from services.matching.app import build_app as build_matching
from services.matching.settings import MatchingSettings
from services.notifications import routes as notifications_routes
from services.notifications.app import build_app as build_notifications
from services.notifications.settings import NotificationsSettings
from shared.web.headers import SAFE, HeadersMiddleware

OWN = "default-src 'self'"
COMMON: dict[str, Any] = {"kafka_bootstrap_servers": "nowhere:1", "port": 1}


def plain(_request: Request) -> Response:
    return PlainTextResponse("x")


def page(_request: Request) -> Response:
    return HTMLResponse("x", headers={"Content-Security-Policy": OWN})


async def headers_of(path: str) -> httpx2.Headers:
    app = Starlette(routes=[Route("/plain", plain), Route("/page", page)], middleware=[Middleware(HeadersMiddleware)])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t") as client:
        return (await client.get(path)).headers


@pytest.mark.parametrize("path", ["/plain", "/nowhere"])
async def test_an_answer_that_says_nothing_of_it_is_as_closed_as_can_be(path: str) -> None:
    found = await headers_of(path)
    assert {name: found[name] for name in SAFE} == SAFE


async def test_a_page_keeps_its_own_policy_and_gets_the_rest() -> None:
    found = await headers_of("/page")
    assert found.get_list("Content-Security-Policy") == [OWN]
    assert found["X-Content-Type-Options"] == "nosniff"


def services() -> list[Starlette]:
    return [
        build_intake(IntakeSettings(**COMMON, intake_postgres_dsn="d")),
        build_matching(MatchingSettings(**COMMON)),
        build_notifications(
            NotificationsSettings(
                **COMMON, notifications_postgres_dsn="d", smtp_host="nowhere", smtp_port=1, mail_from="a@ledigplads.test"
            )
        ),
    ]


def test_every_service_says_so_before_anything_else_can_answer() -> None:
    assert [getattr(app.user_middleware[0].cls, "__name__", "") for app in services()] == [HeadersMiddleware.__name__] * 3


def policies() -> list[str]:
    return [
        SAFE["Content-Security-Policy"],
        intake_pages._HEADERS["Content-Security-Policy"],
        notifications_routes._PAGE_HEADERS["Content-Security-Policy"],
    ]


@pytest.mark.parametrize("policy", policies())
def test_no_page_runs_a_script_that_stands_in_it_or_comes_from_elsewhere_and_none_is_framed(policy: str) -> None:
    said = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    assert said["frame-ancestors"] == ["'none'"]
    assert said["base-uri"] == ["'none'"]
    assert said["form-action"] in (["'self'"], ["'none'"])
    assert said["default-src"] in (["'self'"], ["'none'"])
    scripts = said.get("script-src", said["default-src"])
    assert set(scripts) <= {"'self'", "'none'"}
    assert not [source for sources in said.values() for source in sources if "*" in source or source.startswith("http")]


def test_a_policy_of_its_own_is_written_in_these_two_places_only() -> None:
    """A third would have to be judged above."""
    root = Path(__file__).parents[2]
    places = {
        str(file.relative_to(root))
        for folder in ("services", "shared")
        for file in (root / folder).rglob("*.py")
        if "Content-Security-Policy" in file.read_text(encoding="utf-8")
    }
    assert places == {"services/intake/http/pages.py", "services/notifications/routes.py", "shared/web/headers.py"}
