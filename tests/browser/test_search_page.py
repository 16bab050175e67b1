"""The search page as people see it: a real browser, a desk and a telephone."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.search import SearchWorld

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
async def test_a_relative_finds_a_place_and_reads_why_it_stands_there(
    world: SearchWorld, browser: Browser, size: dict[str, int]
) -> None:
    await world.offer("skumringen", name="Værestedet <b>Skumringen</b>", kinds=["VAER"], sections=[], municipality="0461")
    for number in range(25):
        await world.vacancy("skumringen", title_da=f"Åbent hus {number}", sections=[], access=["self_referral"], places_free=None)
    await world.offer("lyset", name="Krisecentret", kinds=["SEL-109"], sections=["SEL-109"], municipality="0479")
    await world.catch_up()
    page = await browser.new_page(viewport=size)  # type: ignore[arg-type] # playwright's own type
    await page.goto(f"{world.service.url}/search.html")
    await page.get_by_label("Hvad søger du").fill("vrested i Odense")
    await page.get_by_role("button", name="Søg").click()
    await expect(page.get_by_text("Der søges efter »værested«")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("25 resultater")
    first = page.get_by_role("listitem").filter(has_text="Åbent hus 24")
    await expect(first).to_contain_text("Åbent for alle, bekræftet")
    await first.get_by_text("hvorfor står den her?").click()
    await expect(first.get_by_text("i titel eller navn")).to_be_visible()
    await expect(page.get_by_text("Værestedet <b>Skumringen</b>").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    await page.get_by_role("link", name="Næste side").click()
    await expect(page.get_by_role("heading", name="Åbent hus 0")).to_be_visible()


async def test_a_question_that_is_wrong_is_told_on_the_page(world: SearchWorld, browser: Browser) -> None:
    page = await browser.new_page()
    answer = await page.goto(f"{world.service.url}/search.html?section=SEL-999")
    assert answer is not None
    assert answer.status == 400
    await expect(page.get_by_role("alert")).to_contain_text("section")
