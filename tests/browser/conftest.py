"""A real browser for every page, and intake with a search for the public ones."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.search import SearchWorld, search_world


@pytest.fixture
async def world(intake_dsn: str) -> AsyncIterator[SearchWorld]:
    async with search_world(intake_dsn) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail(
            "There is no Chromium on this machine: install it (apt-get install chromium) or name it in CHROMIUM.", pytrace=False
        )
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        await launched.close()
