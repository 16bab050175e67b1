"""The code lists as everyone may fetch them; they need no database, so they are asked without one."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette

from services.intake.http import codes
from shared.contracts import reference
from shared.web import exception_handlers


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=codes.routes(), exception_handlers=exception_handlers())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://intake") as client:
        yield client


async def test_every_list_is_named_with_its_source_and_version(client: httpx2.AsyncClient) -> None:
    lists = {one["name"]: one for one in (await client.get("/codes")).json()["lists"]}

    assert set(lists) == set(reference.code_lists())
    assert (lists["ffb"]["version"], lists["ffb"]["count"]) == ("20240530", 220)
    assert "1.2.208.176.2.22" in lists["ffb"]["source"]


@pytest.mark.parametrize("name", reference.code_lists())
async def test_every_code_of_every_list_is_served_with_both_labels(client: httpx2.AsyncClient, name: str) -> None:
    document = (await client.get(f"/codes/{name}")).json()
    codes.CodeListDocument.model_validate(document)

    assert [item["code"] for item in document["items"]] == list(reference.code_lists()[name].items)
    first = document["items"][0]
    assert (await client.get(f"/codes/{name}/{first['code']}")).json() == first


async def test_what_was_noted_while_the_lists_were_made_is_told_nobody(client: httpx2.AsyncClient) -> None:
    for name in ("offer-types", "sections"):
        told = (await client.get(f"/codes/{name}")).text
        assert "seed" not in told
        assert "not confirmed" not in told
        assert '"kle"' in told


async def test_who_has_the_list_already_is_answered_with_nothing_but_its_tag(client: httpx2.AsyncClient) -> None:
    first = await client.get("/codes/target-groups")
    tag = first.headers["etag"]
    again = await client.get("/codes/target-groups", headers={"If-None-Match": f'"other", W/{tag}'})
    other = await client.get("/codes/services", headers={"If-None-Match": tag})

    assert tag.startswith('"')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert "max-age" in again.headers["cache-control"]
    assert (other.status_code, other.headers["etag"] != tag) == (200, True)


@pytest.mark.parametrize(
    ("address", "status", "code", "suggests"),
    [
        ("/codes/offer-types/SEL-192", 410, "code_out_of_date", "PLEJE"),
        ("/codes/sections/SEL-105", 410, "code_out_of_date", "SEL-107"),
        ("/codes/sections/SEL-107a", 404, "unknown_code", "SEL-107"),
        ("/codes/municipalities/Arhus", 404, "unknown_code", "0751"),
        ("/codes/colours", 404, "unknown_code", "target-groups"),
    ],
)
async def test_what_is_not_a_code_is_answered_with_what_is(
    client: httpx2.AsyncClient, address: str, status: int, code: str, suggests: str
) -> None:
    answer = await client.get(address)

    assert answer.status_code == status
    [error] = answer.json()["errors"]
    assert error["code"] == code
    assert suggests in error["text_da"]
    assert suggests in error["text_en"]


async def test_a_region_that_merges_says_until_when_it_is_one(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/codes/regions")).json()
    assert {item["code"]: (item["valid_from"], item["valid_to"]) for item in document["items"]}["DK-84"] == (None, "2026-12-31")
    assert [one["code"] for one in document["former"]] == ["DK-84", "DK-85"]


async def test_an_outdated_code_is_not_called_erased(client: httpx2.AsyncClient) -> None:
    problem = (await client.get("/codes/sections/SEL-105")).json()
    assert problem["title"] == "Koden bruges ikke længere"
    assert "SEL-107" in problem["detail"]
