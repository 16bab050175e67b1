"""The inbox as a caseworker sees it: a real browser against the running service."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from deploy.embedded.ports import free_port
from shared.identity import Role
from shared.messaging.producing import Producer
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.identity import cookie_for, person_with
from tests.support.notifications import KIRSTEN, PUBLIC_URL, Caseworker, Log, World, match, place, vacancy

_KIRSTEN = person_with(Role.CASEWORKER, person=KIRSTEN)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def world(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, notifications_dsn: str
) -> AsyncIterator[World]:
    del topics
    async with Producer(kafka.bootstrap_servers) as producer:
        yield World(kafka.bootstrap_servers, names, topics_file, notifications_dsn, free_port(), Log(producer, names))


async def inbox(browser: Browser, service: Caseworker, *, language: str = "da", **context: object) -> Page:
    page = await browser.new_page(**context)  # type: ignore[arg-type] # playwright's own options
    name, value = cookie_for(_KIRSTEN, PUBLIC_URL)
    await page.context.add_cookies([{"name": name, "value": value, "url": service.service.url}])
    await page.goto(f"{service.service.url}/notifications/?language={language}")
    await expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    return page


async def test_an_alert_slides_into_the_open_inbox_without_a_reload(world: World, browser: Browser) -> None:
    await world.log.vacancy(vacancy("vac-1"))
    await world.log.vacancy(vacancy("vac-2", title_da="Plads i <b>køkkenet</b> & kantinen"))
    async with world.service() as service:
        await service.has_caught_up(world)
        page = await inbox(browser, service, viewport=DESKTOP)
        await page.evaluate("window.sameDocument = true")
        await expect(page.get_by_text("Ingen beskeder endnu")).to_be_visible()
        await world.log.match(match(place("vac-1")))
        await expect(page.get_by_role("article", name="Plads på montageholdet")).to_be_visible()
        await world.log.match(match(place("vac-1"), place("vac-2", points={"services": 30, "travel": 10})))
        second = page.get_by_role("article", name="Plads i <b>køkkenet</b> & kantinen")
        await expect(second).to_be_visible()
        await expect(page.get_by_text("Ingen beskeder endnu")).to_be_hidden()
        await expect(page.get_by_role("region")).to_have_count(1)
        await expect(page.locator(".heard")).to_contain_text("40 af 100")
        await second.get_by_text("Hvorfor?").click()
        await expect(second.get_by_role("table")).to_contain_text("Ydelser")
        assert await page.evaluate("window.sameDocument")


async def test_the_inbox_speaks_english_too_and_fits_a_phone(world: World, browser: Browser) -> None:
    await world.log.vacancy(vacancy("vac-1", title_da="Beskyttet beskæftigelse med montage og pakkeopgaver i Hvide Sande"))
    await world.log.match(match(place("vac-1")))
    async with world.service() as service:
        await service.alerted(1)
        page = await inbox(browser, service, language="en", viewport=PHONE)
        card = page.get_by_role("article")
        await expect(card).to_contain_text("Sheltered employment")
        await expect(card.get_by_role("link", name="Call 86 11 22 33")).to_have_attribute("href", "tel:86112233")
        await card.get_by_text("Why?").click()
        width = await page.evaluate("document.documentElement.scrollWidth")
        await page.get_by_role("link", name="Dansk").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Indbakke")
    assert width <= PHONE["width"]


async def test_the_page_says_when_it_is_cut_off_and_catches_up_when_it_is_back(world: World, browser: Browser) -> None:
    await world.log.vacancy(vacancy("vac-1"))
    port = free_port()
    async with world.service(port=port) as service:
        await service.has_caught_up(world)
        page = await inbox(browser, service, viewport=DESKTOP)
    await expect(page.locator(".connection")).to_have_attribute("data-state", "lost")
    await world.log.match(match(place("vac-1")))
    async with world.service(port=port):
        await expect(page.get_by_role("article")).to_be_visible(timeout=15_000)
        await expect(page.locator(".connection")).to_have_attribute("data-state", "live")
