"""Logging in and out at the pages, against the embedded provider: everything a browser does, and what an attacker would."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from deploy.embedded.known import WEB
from deploy.embedded.ports import LOOPBACK, free_port
from services.intake.http.login import safe_path
from shared.identity import Role
from tests.support.identity import cookie_for, csrf_for, person_with
from tests.support.login_pages import login_app
from tests.support.login_provider import client_secret_of, issuer_of, running_provider
from tests.support.running import RunningService, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from deploy.embedded.home import Home

PORT = free_port()
ADDRESS = f"http://{LOOPBACK}:{PORT}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with running_provider(tmp_path_factory.mktemp("stack"), ADDRESS) as made:
        yield made


@pytest.fixture
async def pages(home: Home, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningService]:
    monkeypatch.delenv("LEDIGPLADS_IDENTITY_JWKS_URL")
    async with running(login_app(issuer_of(home), PORT, client_secret_of(home, WEB)), port=PORT) as service:
        yield service


@pytest.fixture
async def browser(pages: RunningService) -> AsyncIterator[httpx2.AsyncClient]:
    """Keeps cookies; follows no redirect by itself."""
    async with httpx2.AsyncClient(timeout=15, base_url=pages.url) as client:
        yield client


async def _to_the_code(browser: httpx2.AsyncClient, person: str, target: str = "/page") -> str:
    """Go to the provider, click on somebody, and give the address that it leads back to."""
    begun = await browser.get(f"/login?{urlencode({'next': target})}")
    assert begun.status_code == 303
    people = await browser.get(begun.headers["location"])
    [link] = [unescape(href) for href in re.findall(r'href="(authorize[^"]*)"', people.text) if href.endswith(f"person={person}")]
    chosen = await browser.get(f"{begun.headers['location'].partition('authorize?')[0]}{link}")
    assert chosen.status_code == 302
    return str(chosen.headers["location"])


async def test_one_click_logs_in_and_leads_to_where_one_wanted(browser: httpx2.AsyncClient) -> None:
    back = await _to_the_code(browser, "sb-0751-1")
    assert back.startswith(f"{ADDRESS}/login/callback?")
    answer = await browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/page")
    shown = await browser.get("/page")
    assert "Logget ind som <strong>Sagsbehandler 1, Aarhus</strong>" in shown.text
    assert '(sagsbehandler <span lang="en">· caseworker</span>, Aarhus)' in shown.text
    state = (await browser.get("/session")).json()
    assert state["person"] == "sb-0751-1"
    assert 3590 < state["seconds"] <= 3600


@pytest.mark.parametrize(
    ("person", "place"), [("sb-0751-1", "/notifications/"), ("leder-0751", "/notifications/"), ("drift-1", "/")]
)
async def test_without_a_wish_one_comes_to_where_ones_work_is(browser: httpx2.AsyncClient, person: str, place: str) -> None:
    answer = await browser.get(await _to_the_code(browser, person, ""))
    assert answer.headers["location"] == place


async def test_nothing_of_a_login_is_left_in_the_browser_but_the_session(browser: httpx2.AsyncClient) -> None:
    await browser.get(await _to_the_code(browser, "drift-1"))
    assert [cookie.name for cookie in browser.cookies.jar] == [f"ledigplads-session-{PORT}"]
    [cookie] = browser.cookies.jar
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"


async def test_an_answer_counts_once(browser: httpx2.AsyncClient) -> None:
    back = await _to_the_code(browser, "drift-1")
    assert (await browser.get(back)).status_code == 303
    again = await browser.get(back)
    assert again.status_code == 400
    assert "Login blev ikke fuldført" in again.text


async def test_an_answer_that_another_browser_asked_for_logs_nobody_in(browser: httpx2.AsyncClient) -> None:
    """Else an attacker could log somebody in as himself, and read what they type."""
    back = await _to_the_code(browser, "drift-1")
    async with httpx2.AsyncClient(timeout=15) as victim:
        answer = await victim.get(back)
        assert answer.status_code == 400
        assert not [cookie for cookie in victim.cookies.jar if "session" in cookie.name]


async def test_two_tabs_may_log_in_at_the_same_time(browser: httpx2.AsyncClient) -> None:
    first = await _to_the_code(browser, "drift-1")
    second = await _to_the_code(browser, "sb-0751-1")
    assert (await browser.get(first)).status_code == 303
    assert (await browser.get(second)).status_code == 303
    assert (await browser.get("/session")).json()["person"] == "sb-0751-1"


@pytest.mark.parametrize(
    "change", [{"state": "another"}, {"code": "guessed"}, {"state": None}, {"code": None, "error": "access_denied"}]
)
async def test_an_answer_that_was_changed_logs_nobody_in(browser: httpx2.AsyncClient, change: dict[str, str | None]) -> None:
    back = urlsplit(await _to_the_code(browser, "drift-1"))
    fields = {name: values[0] for name, values in parse_qs(back.query).items()} | change
    answer = await browser.get(
        f"/login/callback?{urlencode({name: value for name, value in fields.items() if value is not None})}"
    )
    assert answer.status_code == 400
    assert "Prøv igen" in answer.text
    assert (await browser.get("/session")).json()["person"] is None


@pytest.mark.usefixtures("pages")
async def test_who_came_by_another_name_of_the_machine_begins_at_the_public_one() -> None:
    async with httpx2.AsyncClient(timeout=15) as client:
        answer = await client.get(f"http://localhost:{PORT}/login?next=/page")
    assert answer.headers["location"] == f"{ADDRESS}/login?next=%2Fpage"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "", "page", "/a\r\nX: y",
        "/\t/evil.example", "/ /evil", "http:evil", "///evil.example",
    ],
)  # fmt: skip
def test_a_login_leads_to_no_other_site(target: str) -> None:
    assert safe_path(target, "/home") == "/home"


@pytest.mark.parametrize(
    "target", ["/", "/pladser/vac-1", "/search.html?q=v%C3%A6rested+i+Odense&x=1", "/notifications/?language=en"]
)
def test_a_login_leads_back_to_any_page_of_ours(target: str) -> None:
    assert safe_path(target, "/home") == target


async def test_a_logout_ends_the_session_here_and_with_the_provider(browser: httpx2.AsyncClient) -> None:
    await browser.get(await _to_the_code(browser, "sb-0751-1"))
    asked = await browser.get("/logout")
    assert "Log ud?" in asked.text
    assert (await browser.get("/session")).json()["person"] == "sb-0751-1", "a link alone logs nobody out"
    [csrf] = set(re.findall(r'name="csrf" value="([0-9a-f]+)"', asked.text))
    assert (await browser.post("/logout", data={"csrf": csrf})).status_code == 403, "no page of ours sent it"
    answer = await browser.post("/logout", data={"csrf": csrf}, headers={"Origin": ADDRESS})
    assert "Du er logget ud" in answer.text
    [onward] = re.findall(r'http-equiv="refresh" content="1;url=([^"]+)"', answer.text)
    provider = await browser.get(unescape(onward))
    assert provider.headers["location"] == f"{ADDRESS}/logout"
    assert (await browser.get("/session")).json() == {"person": None, "seconds": 0, "csrf": ""}


@pytest.mark.usefixtures("pages")
async def test_a_session_is_renewed_by_its_own_pages_only() -> None:
    cookie = cookie_for(person_with(Role.OPERATOR), ADDRESS)
    headers = {"Cookie": "=".join(cookie), "Origin": ADDRESS}
    async with httpx2.AsyncClient(timeout=15, base_url=ADDRESS) as client:
        assert (await client.post("/session/renew", headers=headers)).status_code == 403
        answer = await client.post("/session/renew", headers=headers | {"X-CSRF-Token": csrf_for(cookie, ADDRESS)})
        assert answer.json()["person"] == "person-1"
        assert "Max-Age=3600" in answer.headers["set-cookie"]


async def test_while_the_provider_is_away_that_is_said_and_nobody_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEDIGPLADS_IDENTITY_JWKS_URL")
    nowhere = f"http://{LOOPBACK}:{free_port()}/login-provider"
    async with running(login_app(nowhere, PORT, "s"), port=PORT) as service:
        answer = await service.client.get("/login")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "Login svarer ikke" in answer.text
        assert (await service.client.get("/page")).status_code == 200


async def test_a_page_that_somebody_is_logged_in_at_is_kept_by_no_cache(browser: httpx2.AsyncClient) -> None:
    public = await browser.get("/page")
    assert "Cookie" in public.headers["vary"]
    await browser.get(await _to_the_code(browser, "sb-0751-1"))
    own = await browser.get("/page")
    assert "Cookie" in own.headers["vary"]
    assert own.headers["cache-control"] == "private, no-store"
