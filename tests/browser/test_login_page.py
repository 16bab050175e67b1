"""Logging in as a newcomer does, and what becomes of what was typed when a session ends."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, expect

from deploy.embedded.known import WEB
from deploy.embedded.ports import LOOPBACK, free_port
from shared.identity import Role
from shared.identity.sessions import Lifetimes, Sessions
from tests.support.identity import SESSION_SECRET, person_with
from tests.support.login_pages import login_app
from tests.support.login_provider import client_secret_of, issuer_of, running_provider
from tests.support.running import RunningService, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser, BrowserContext

    from deploy.embedded.home import Home

PORT = free_port()
ADDRESS = f"http://{LOOPBACK}:{PORT}"
ANNE = person_with(Role.CASEWORKER, person="sb-0751-1", municipality="0751")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with running_provider(tmp_path_factory.mktemp("stack"), ADDRESS) as made:
        yield made


@pytest.fixture
async def pages(home: Home, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningService]:
    monkeypatch.delenv("LEDIGPLADS_IDENTITY_JWKS_URL")
    async with running(login_app(issuer_of(home), PORT, client_secret_of(home, WEB)), port=PORT) as service:
        yield service


async def _opened(context: BrowserContext) -> tuple[Page, list[str]]:
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


async def _logged_in(browser: Browser) -> tuple[BrowserContext, Page, list[str]]:
    """A browser at a page that is typed into, whose session has an hour left."""
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    await _set_session(context, seconds_left=3600)
    page, complaints = await _opened(context)
    await page.goto(f"{ADDRESS}/typing")
    await page.locator("textarea").evaluate("one => one.value = 'Det, jeg har skrevet'")
    return context, page, complaints


async def _set_session(context: BrowserContext, *, seconds_left: float, whole: int = 36_000) -> None:
    """Let the session have so many seconds left, as if its person had gone for a walk."""
    earlier = Sessions([SESSION_SECRET], ADDRESS, Lifetimes(3600, 36_000), clock=lambda: time.time() - whole + seconds_left)
    session = earlier.begin(ANNE, "Anne Prøve")
    sessions = Sessions([SESSION_SECRET], ADDRESS, Lifetimes(3600, 36_000))
    cookie = sessions.cookie(replace(session, expires=int(time.time() + seconds_left)))
    name, _, value = cookie.partition(";")[0].partition("=")
    await context.add_cookies([{"name": name, "value": value, "url": ADDRESS, "httpOnly": True, "sameSite": "Lax"}])


async def _come_back(page: Page) -> None:
    await page.evaluate("dispatchEvent(new Event('focus'))")


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("width", [1280, 390, 320])
async def test_one_click_makes_a_newcomer_somebody(browser: Browser, width: int) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 844})
    page, complaints = await _opened(context)
    await page.goto(f"{ADDRESS}/login?next=/page")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log ind som …")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("link", name="Sagsbehandler 1, Aarhus").click()
    await expect(page.locator(".who")).to_contain_text("Logget ind som Sagsbehandler 1, Aarhus")
    assert page.url == f"{ADDRESS}/page"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name="Log ud").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Du er logget ud")
    await page.wait_for_url(f"{ADDRESS}/logout")
    await expect(page.locator(".who")).to_contain_text("Log ind")
    assert complaints == []
    await context.close()


@pytest.mark.usefixtures("pages")
async def test_before_a_session_ends_that_is_said_and_one_click_lets_it_go_on(browser: Browser) -> None:
    context, page, complaints = await _logged_in(browser)
    await _set_session(context, seconds_left=200, whole=3600)
    await _come_back(page)
    warning = page.get_by_role("dialog")
    await expect(warning).to_contain_text("Du bliver snart logget ud")
    await expect(warning).to_contain_text("You will soon be logged out")
    await warning.get_by_role("button", name="Bliv logget ind").click()
    await expect(warning).to_be_hidden()
    assert await page.evaluate("fetch('/session').then(one => one.json()).then(one => one.seconds)") > 3500
    assert await page.locator("textarea").input_value() == "Det, jeg har skrevet"
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("p")).to_have_text("20 tegn")
    assert complaints == []
    await context.close()


@pytest.mark.usefixtures("pages")
async def test_what_was_typed_outlives_the_session_and_can_be_sent_after_a_login_in_another_tab(browser: Browser) -> None:
    context, page, _ = await _logged_in(browser)
    await _set_session(context, seconds_left=2)
    await _come_back(page)
    over = page.get_by_role("dialog")
    await expect(over).to_contain_text("Du er logget ud", timeout=20_000)
    # Sent all the same, by a key that closes the dialog: the page keeps it back.
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Send").click()
    await expect(over).to_contain_text("Du er logget ud")
    async with context.expect_page() as opening:
        await over.get_by_role("link", name="Log ind igen").click()
    other = await opening.value
    await other.get_by_role("link", name="Sagsbehandler 1, Aarhus").click()
    await expect(other.get_by_role("heading", level=1)).to_contain_text("Du er logget ind igen")
    await other.close()
    await page.bring_to_front()
    await _come_back(page)
    await expect(over).to_be_hidden()
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("p")).to_have_text("20 tegn")
    await context.close()


@pytest.mark.usefixtures("pages")
async def test_a_page_of_one_person_is_not_sent_by_another(browser: Browser) -> None:
    context, page, _ = await _logged_in(browser)
    other = await context.new_page()
    await other.goto(f"{ADDRESS}/login?next=/page")
    await other.get_by_role("link", name="Sagsbehandler 2, Aarhus").click()
    await expect(other.locator(".who")).to_contain_text("Sagsbehandler 2")
    await _come_back(page)
    await expect(page.get_by_role("dialog")).to_contain_text("En anden er logget ind")
    await context.close()


@pytest.mark.usefixtures("pages")
async def test_a_login_that_has_reached_its_longest_time_is_done_again_in_another_tab(browser: Browser) -> None:
    context, page, _ = await _logged_in(browser)
    await _set_session(context, seconds_left=200)
    await _come_back(page)
    warning = page.get_by_role("dialog")
    await warning.get_by_role("button", name="Bliv logget ind").click()
    await expect(warning).to_contain_text("højst en arbejdsdag")
    await expect(warning.get_by_role("link", name="Log ind igen")).to_be_visible()
    await context.close()
