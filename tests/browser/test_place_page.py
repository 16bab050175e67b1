"""The pages of a place and an offer as people see them: found by a search, read without JavaScript, by keyboard, on a telephone."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.search import SearchWorld

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
FULL = {
    "title_da": "Aktivitetsplads på montageholdet",
    "text_da": "Et lille hold, der samler og pakker.",
    "places_free": 2,
    "places_total": 20,
    "available_from": "2099-12-01",
    "target_groups": ["122f3f8e-84a0-476f-b9c5-0e40b1dcf113"],
    "sections": ["SEL-104"],
    "age_from": 18,
    "access": ["visitation"],
    "accessibility": {"step_free": True, "lift": False},
    "opening_hours": [{"weekday": day, "opens": "08:30", "closes": "14:30"} for day in range(1, 6)],
    "day_capacity": [{"weekday": 1, "half": "morning", "places_free": 2}, {"weekday": 2, "half": "afternoon", "places_free": 1}],
    "price_lines": [{"label_da": "Fuld plads", "amount_dkk": 1480, "unit": "opening_day", "days_a_week": 5, "level": 2}],
    "contact": {"phone": "86 12 34 56", "email": "skovly@example.dk"},
}


async def opened(browser: Browser, size: dict[str, int]) -> tuple[Page, list[str]]:
    """Open a browser without JavaScript; what it complains of, its own policy's refusals too, is in the list."""
    context = await browser.new_context(viewport=size, java_script_enabled=False)  # type: ignore[arg-type] # playwright's own type
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    return page, complaints


async def fits(page: Page) -> bool:
    """Say whether nothing reaches out of the window: the page's own script is off, so the elements are measured from outside."""
    size = page.viewport_size
    assert size is not None
    boxes = [await one.bounding_box() for one in await page.locator("h1, p, li, dl, table, nav").all()]
    return all(box["x"] + box["width"] <= size["width"] for box in boxes if box is not None)


@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desk", "phone", "narrow"])
async def test_somebody_finds_a_place_reads_it_and_goes_on_to_its_offer_and_the_other_places(
    world: SearchWorld, browser: Browser, size: dict[str, int]
) -> None:
    await world.offer("skovly", name="Skovly", address="Skovvej 1, 8000 Aarhus C", contact={"phone": "86 12 34 56"})
    await world.vacancy("skovly", **FULL)
    await world.vacancy("skovly", title_da="En plads i gartneriet", sections=["SEL-104"])
    await world.catch_up()
    page, complaints = await opened(browser, size)
    await page.goto(f"{world.service.url}/search.html?q=montageholdet")
    await page.get_by_role("link", name="Aktivitetsplads på montageholdet").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Aktivitetsplads på montageholdet")
    for said in (
        "2 ledige pladser fra 1. december 2099",
        "§ 104 Aktivitets- og samværstilbud",
        "Kommunen skal visitere",
        "Skovvej 1, 8000 Aarhus C",
        "Aarhus, Østjylland",
        "fra 18 år",
        "1.480 kr. pr. åbningsdag, ekskl. moms",
        "Ikke oplyst: egnet til kørestol",
    ):
        await expect(page.get_by_text(said).first, said).to_be_visible()
    await expect(page.get_by_role("row", name="Mandag")).to_contain_text("08.30\u201314.30")
    await expect(page.get_by_role("link", name="86 12 34 56")).to_have_attribute("href", "tel:86123456")
    assert await fits(page)
    await page.get_by_role("link", name="En plads i gartneriet").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("En plads i gartneriet")
    await expect(page.get_by_role("link", name="Aktivitetsplads på montageholdet")).to_be_visible()
    await page.get_by_role("link", name="Skovly", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Skovly")
    await expect(page.get_by_role("heading", level=3)).to_have_count(2)
    assert await fits(page)
    assert complaints == []


async def test_a_place_is_reached_and_left_by_keyboard_in_the_order_in_which_it_is_read(
    world: SearchWorld, browser: Browser
) -> None:
    await world.offer("skovly", name="Skovly")
    vacancy_id = await world.vacancy("skovly", **FULL)
    page, _ = await opened(browser, DESKTOP)
    await page.goto(f"{world.service.url}/pladser/{vacancy_id}")
    for name in ("Log ind", "Ledigplads", "Søg tilbud", "Skovly", "86 12 34 56", "skovly@example.dk", "det samme som JSON"):
        await page.keyboard.press("Tab")
        await expect(page.locator(":focus")).to_contain_text(name)


async def test_a_protected_place_shows_its_landsdel_and_its_phone_and_no_way_to_its_door(
    world: SearchWorld, browser: Browser
) -> None:
    contact = {"phone": "70 20 30 40", "email": "krise@example.dk", "web": "https://krise.example.dk"}
    await world.offer(
        "krise", name="Krisecentret", kinds=["SEL-109"], sections=["SEL-109"], address="Hemmeligvej 7", contact=contact
    )
    vacancy_id = await world.vacancy("krise", **FULL | {"sections": ["SEL-109"], "contact": contact})
    page, _ = await opened(browser, PHONE)
    for path in (f"/pladser/{vacancy_id}", "/tilbud/krise"):
        await page.goto(f"{world.service.url}{path}")
        await expect(page.get_by_text("Beskyttet adresse")).to_be_visible()
        await expect(page.get_by_text("Østjylland").first).to_be_visible()
        await expect(page.get_by_role("link", name="70 20 30 40")).to_be_visible()
        shown = await page.content()
        for hidden in ("Hemmeligvej", "krise@example.dk", "krise.example.dk", "Aarhus", "08.30"):
            assert hidden not in shown, (path, hidden)


async def test_what_is_not_there_is_told_with_a_way_on(world: SearchWorld, browser: Browser) -> None:
    page, _ = await opened(browser, PHONE)
    answer = await page.goto(f"{world.service.url}/pladser/findes-ikke")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Det findes ikke")
    await page.get_by_role("link", name="Søg blandt det, der er nu").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Find et tilbud")
