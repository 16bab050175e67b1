"""The public search over HTTP, on a real PostgreSQL: what is found, counted, explained and kept secret, and that nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.intake.http.search_models import RankingDocument, SearchPage, StandingAnswer
from services.intake.search.store import SearchStore
from shared.contracts import reference
from tests.support.search import SearchWorld, count, names, search_world
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def world(intake_dsn: str) -> AsyncIterator[SearchWorld]:
    async with search_world(intake_dsn) as made:
        yield made


async def test_an_offer_without_a_vacancy_is_found_and_says_what_is_known(world: SearchWorld) -> None:
    await world.offer("aldrig", name="Aldrig")
    await world.offer("fyldt", name="Fyldt")
    await world.close(await world.vacancy("fyldt"), "filled")
    await world.offer("optaget", name="Optaget")
    await world.vacancy("optaget", places_free=0)
    await world.offer("glemt", name="Glemt")
    await world.vacancy("glemt")
    world.moved = _days(400)
    await world.intake.expire()
    await world.catch_up()
    states = {hit["offer_id"]: hit["availability"] for hit in await world.everything()}
    assert {name: state["state"] for name, state in states.items()} == {
        "aldrig": "unknown",
        "fyldt": "none",
        "optaget": "unknown",
        "glemt": "unknown",
    }
    assert states["fyldt"]["text"].startswith("Ingen ledige, bekræftet ")
    assert states["aldrig"]["text"].startswith("Ukendt")


async def test_a_full_place_says_nothing_free_and_a_coming_one_when(world: SearchWorld) -> None:
    await world.offer("begge", name="Begge")
    await world.vacancy("begge", title_da="Fuld", places_free=0)
    await world.vacancy("begge", title_da="Forbi", places_free=1, available_until=world.now().date())
    world.moved = _days(2)
    await world.vacancy("begge", title_da="Senere", places_free=2, available_from=(world.now() + _days(20)).date())
    await world.catch_up()
    states = {hit["title"]: hit["availability"] for hit in await world.everything()}
    assert states["Fuld"]["state"] == states["Forbi"]["state"] == "none"
    assert states["Senere"]["state"] == "coming"
    assert states["Senere"]["text"].startswith("2 ledige pladser fra ")
    assert [hit["title"] for hit in await world.everything(with_vacancy="true")] == ["Senere"]
    tomorrow = (world.now() + _days(1)).date().isoformat()
    assert await world.everything(free_from=tomorrow) == []
    assert len(await world.everything(free_from=(world.now() + _days(30)).date().isoformat())) == 1


async def test_what_is_withdrawn_is_gone_and_what_is_changed_is_found_by_its_new_words(world: SearchWorld) -> None:
    await world.offer("skov", name="Skovly", text_da="Vi har heste.")
    vacancy_id = await world.vacancy("skov", title_da="Plads i stalden")
    await world.catch_up()
    assert names((await world.search("heste"))["hits"]) == ["skov"]
    await world.offer("skov", name="Skovly", text_da="Vi har geder.")
    await world.catch_up()
    assert (await world.search("heste"))["total"] == 0
    assert [hit["vacancy_id"] for hit in (await world.search("geder"))["hits"]] == [vacancy_id]
    await world.close(vacancy_id)
    await world.catch_up()
    assert [hit["vacancy_id"] for hit in (await world.search("geder"))["hits"]] == [None]


# --- secrets -------------------------------------------------------------------------------------------------------

SECRET = {
    "name": "Krisecentret Lyset",
    "kinds": ["SEL-109"],
    "sections": ["SEL-109"],
    "municipality": "0479",
    "address": "Hemmeligvej 17",
    "point": {"latitude": 55.06, "longitude": 10.61},
    "contact": {"phone": "+45 00 00 00 09", "email": "lyset@lyset.example", "web": "https://lyset.example"},
    "text_da": "Vi bor bag det gule vandtårn.",
    "cvr": "12345678",
}
PLANTED = ("hemmeligvej", "0479", "svendborg", "vandtårn", "lyset.example", "12345678", "easting", "northing")


async def test_a_protected_place_is_found_and_nothing_tells_where_it_is(world: SearchWorld) -> None:
    await world.offer("lyset", **SECRET)
    await world.vacancy(
        "lyset", title_da="Plads", sections=["SEL-109"], text_da="Bag vandtårnet på Hemmeligvej.", access=["self_referral"]
    )
    await world.offer("aaben", name="Åben", municipality="0461")
    await world.catch_up()
    asked: list[dict[str, Any]] = [{}, {"q": "krisecenter"}, {"q": "krisecenter Svendborg"}, {"q": "krisecenter", "near": "0479"}]
    asked += [{"near": "55.06,10.61", "distance_km": 1}, {"section": "SEL-109", "kommune": "0479"}, {"landsdel": "Fyn"}]
    for parameters in asked:
        answer = await world.client.get("/search", params=parameters)
        hit = next(hit for hit in answer.json()["hits"] if hit["offer_id"] == "lyset")
        assert (hit["landsdel"], hit["kommune"], hit["address"], hit["distance_m"]) == ("Fyn", None, None, None)
        assert hit["contact"] == {"phone": "+45 00 00 00 09", "email": None, "web": None}
        said = str(hit).lower()
        assert [word for word in PLANTED if word in said] == []
    for words in ("Hemmeligvej", "vandtårn", "12345678", "lyset.example 0479"):
        assert "lyset" not in names(await world.everything(words, section="SEL-109")) or words.startswith("lyset")
    why = await world.client.get("/search/why", params={"offer": "lyset", "q": "krisecenter", "near": "0479"})
    assert [word for word in PLANTED if word in str(why.json()["hits"]).lower()] == []
    stored = await world.pool.fetchval(
        "SELECT string_agg(search_entry::text || words::text || convert_from(hit, 'UTF8'), ' ') FROM search_entry JOIN search_words USING (entry_id) JOIN search_hit USING (entry_id) WHERE offer_id = 'lyset'"
    )
    assert [
        word for word in ("hemmeligvej", "vandtaarn", "lyset.example", "12345678", "svendborg") if word in stored.lower()
    ] == []


async def test_distance_says_the_same_of_a_protected_place_all_over_its_landsdel(world: SearchWorld) -> None:
    await world.offer("lyset", **SECRET)
    await world.vacancy("lyset", sections=["SEL-109"])
    await world.catch_up()
    seen = set()
    for code, kommune in reference.municipalities().items():
        for distance_km in (1, 40):
            page = await world.search(near=code, distance_km=distance_km)
            seen.add((kommune.landsdel == "Fyn", page["total"], *(hit["points"] for hit in page["hits"])))
    assert len({one for one in seen if one[0]}) == 1
    assert {one[1] for one in seen if not one[0]} == {0}


async def test_an_address_that_is_protected_from_now_on_leaves_no_earlier_version(world: SearchWorld) -> None:
    open_address = SECRET | {"address_protected": False}
    await world.offer("lyset", **open_address)
    for number in range(30):
        await world.vacancy("lyset", title_da=f"Plads {number}", sections=["SEL-109"])
    await world.catch_up()
    first = await world.search("krisecenter", limit=10)
    assert first["hits"][0]["address"] == "Hemmeligvej 17"
    await world.offer("lyset", **SECRET)
    await world.catch_up()
    rest = await world.search("krisecenter", limit=50, cursor=first["next_cursor"])
    assert "Hemmeligvej" not in str(rest)
    assert await world.pool.fetchval("SELECT count(*) FROM search_hit WHERE convert_from(hit, 'UTF8') LIKE '%Hemmeligvej%'") == 0


# --- pages, counts, points -------------------------------------------------------------------------------------------


async def test_pages_hold_still_while_places_come_go_and_change(world: SearchWorld) -> None:
    await world.offer("stort", name="Stort", kinds=["SEL-104"], sections=["SEL-104"])
    ids = [await world.vacancy("stort", title_da=f"Plads {number}") for number in range(40)]
    world.moved = _days(5)
    await world.catch_up()
    page = await world.search(limit=7)
    seen = [hit["vacancy_id"] for hit in page["hits"]]
    at = 0
    while page["next_cursor"]:
        # Confirmed ones would jump to the top, and come to be missed or to be seen twice; new ones would push others on.
        await world.confirm(ids[at])
        await world.confirm(ids[-1 - at])
        await world.vacancy("stort", title_da=f"Ny {at}")
        await world.catch_up()
        at += 1
        page = await world.search(limit=7, cursor=page["next_cursor"])
        seen += [hit["vacancy_id"] for hit in page["hits"]]
    assert sorted(seen) == sorted(ids)
    now = await world.everything(limit=7)
    assert len(now) == 40 + at
    assert now[0]["title"].startswith("Ny") or now[0]["vacancy_id"] in ids


async def test_a_withdrawn_place_is_left_out_of_the_pages_that_follow(world: SearchWorld) -> None:
    await world.offer("stort", name="Stort")
    ids = [await world.vacancy("stort") for _ in range(6)]
    await world.catch_up()
    page = await world.search(limit=3)
    first = [hit["vacancy_id"] for hit in page["hits"]]
    gone = next(one for one in ids if one not in first)
    await world.close(gone, "withdrawn")
    await world.catch_up()
    rest = [hit["vacancy_id"] for hit in (await world.search(limit=10, cursor=page["next_cursor"]))["hits"]]
    assert sorted(first + rest + [gone]) == sorted(ids)


async def test_an_old_cursor_has_ended_and_another_searchs_is_unknown(world: SearchWorld) -> None:
    await world.offer("stort", name="Stort")
    ids = [await world.vacancy("stort") for _ in range(4)]
    await world.catch_up()
    cursor = (await world.search(limit=2))["next_cursor"]
    other = await world.client.get("/search", params={"q": "andet", "limit": 2, "cursor": cursor})
    assert (other.status_code, other.json()["errors"][0]["field"]) == (404, "cursor")
    await world.confirm(ids[0])
    await world.catch_up()
    await world.store.tidy(world.now() + _days(1))
    old = await world.client.get("/search", params={"limit": 2, "cursor": cursor})
    assert old.status_code == 410


async def test_counts_are_those_of_the_whole_list(world: SearchWorld) -> None:
    await _a_small_market(world)
    for parameters in (
        {},
        {"q": "plads"},
        {"section": "SEL-104"},
        {"landsdel": "Fyn"},
        {"q": "kreativ", "self_referral": "true"},
    ):
        page = await world.search(**parameters)
        hits = await world.everything(**parameters, limit=3)
        assert page["total"] == len(hits) > 0
        for facet, field in (
            ("section", "sections"), ("kind", "kinds"), ("target_group", "target_groups"), ("activity", "activities"),
            ("work_task", "work_tasks"), ("access", "access"),
        ):  # fmt: skip
            listed = Counter(code["code"] for hit in hits for code in hit[field])
            assert {one["code"]: one["count"] for one in page["facets"][facet]} == listed
        assert {one["code"]: one["count"] for one in page["facets"]["landsdel"]} == Counter(hit["landsdel"] for hit in hits)
        kommuner = Counter(hit["kommune"]["code"] for hit in hits if hit["kommune"])
        assert {one["code"]: one["count"] for one in page["facets"]["kommune"]} == kommuner
        for one in page["facets"]["section"]:
            alone = await world.search(**{**parameters, "section": one["code"]})
            assert alone["total"] == one["count"] or "section" in parameters


async def test_points_add_up_and_decide_the_order_and_an_offer_is_told_its_place(world: SearchWorld) -> None:
    await _a_small_market(world)
    parameters = {"q": "kreativ plads Odense", "near": "0461"}
    hits = await world.everything(**parameters, limit=4)
    ranking = RankingDocument.model_validate((await world.client.get("/search/ranking")).json())
    for hit in hits:
        assert hit["points"] == sum(part["points"] for part in hit["why"])
        assert all(part["max"] == ranking.at_most[part["part"]] >= part["points"] for part in hit["why"])
    order = [(-hit["points"], hit["vacancy_id"] or "") for hit in hits]
    assert [points for points, _ in order] == sorted(points for points, _ in order)
    for place, hit in enumerate(hits, start=1):
        answer = await world.client.get("/search/why", params={"offer": hit["offer_id"], **parameters})
        standing = StandingAnswer.model_validate(answer.json())
        assert place in {one.place for one in standing.hits}
        assert standing.total == len(hits)


async def test_an_offer_that_is_not_found_is_told_why(world: SearchWorld) -> None:
    await _a_small_market(world)
    asked: dict[str, Any] = {"offer": "leret", "q": "svømning", "section": "SEL-103", "near": "0101", "distance_km": 10}
    answer = (await world.client.get("/search/why", params=asked)).json()
    assert answer["found"] is False
    texts = " ".join(part["text"] for part in answer["missing"])
    assert "den valgte paragraf" in texts
    assert "afstanden" in texts
    assert "»svømning«" in texts
    english = await world.client.get("/search/why", params={"offer": "ingen"}, headers={"Accept-Language": "en"})
    assert english.json()["missing"] == [{"text": "Nothing is published under this id"}]


async def test_answers_are_as_the_document_says(world: SearchWorld) -> None:
    await _a_small_market(world)
    for parameters in ({}, {"q": "kreativ"}, {"near": "0461"}, {"q": "findes ikke xyzzy"}):
        answer = await world.client.get("/search", params=parameters)
        SearchPage.model_validate(answer.json())
    english = await world.client.get("/search", params={"q": "kreativ"}, headers={"Accept-Language": "en"})
    assert "confirmed" in english.json()["hits"][0]["availability"]["text"]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"section": "SEL-999"}, "section"),
        ({"limit": "0"}, "limit"),
        ({"near": "her"}, "near"),
        ({"free_from": "i morgen"}, "free_from"),
        ({"free_from": "2026-02-30"}, "free_from"),
        ({"self_referral": "ja"}, "self_referral"),
        ({"paragraf": "104"}, "paragraf"),
        ({"q": "x" * 201}, "q"),
        ({"distance_km": "-1"}, "distance_km"),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(world: SearchWorld, parameters: dict[str, str], field: str) -> None:
    answer = await world.client.get("/search", params=parameters)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_the_wrong_section_of_the_portal_is_answered_with_the_right_ones(world: SearchWorld) -> None:
    answer = await world.client.get("/search", params={"section": "SEL-105"})
    [error] = answer.json()["errors"]
    assert all(code in error["text_da"] for code in ("SEL-107", "SEL-109", "SEL-110"))


async def test_a_page_of_what_was_searched_more_widely_goes_on_in_the_same_way(world: SearchWorld) -> None:
    for number in range(3):
        await world.offer(f"leret-{number}", name=f"Keramik {number}", municipality="0461")
    await world.catch_up()
    first = await world.search("xylofon keramik i Skagen Frederikshavn", limit=2)
    second = await world.search("xylofon keramik i Skagen Frederikshavn", limit=2, cursor=first["next_cursor"])
    assert (first["total"], second["total"], second["next_cursor"]) == (3, 3, None)
    assert len({hit["offer_id"] for hit in (*first["hits"], *second["hits"])}) == 3
    assert second["interpreted"] == first["interpreted"]


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE offer; --", "a & | ! <-> :*", "\\", "%", "§", "🙂", "((", "' OR ''='", "a" * 200, "x_kind_friv:A"]
)
async def test_no_text_breaks_a_search(world: SearchWorld, words: str) -> None:
    await world.offer("ens", name="Ens")
    await world.catch_up()
    assert (await world.client.get("/search", params={"q": words})).status_code == 200


async def test_who_searches_too_often_is_told_how_long_to_wait(intake_dsn: str) -> None:
    async with search_world(intake_dsn, per_minute=3) as world:
        statuses = [(await world.client.get("/search")).status_code for _ in range(3)]
        refused = await world.client.get("/search")
        assert statuses == [200, 200, 200]
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60


# --- nothing is lost -------------------------------------------------------------------------------------------------


async def test_a_projector_that_is_cut_off_at_any_statement_loses_nothing(
    world: SearchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _a_small_market(world, catch_up=False)
    due = await world.pool.fetchval("SELECT count(*) FROM search_due")
    steps = ("take_turn", "take_due", "offers", "open_vacancies", "write", "add_words", "vacancies_are_due")
    for step in steps:
        for after in (False, True):
            with monkeypatch.context() as patch:
                patch.setattr(SearchStore, step, _cut_off(getattr(SearchStore, step), after=after))
                with suppress(_CutOffError):
                    await world.projector().project()
                    pytest.fail(f"{step} was not reached")
            assert await world.pool.fetchval("SELECT count(*) FROM search_due") == due
            assert await world.pool.fetchval("SELECT count(*) FROM search_entry") == 0
    await world.catch_up()
    assert await _listed(world) == await _expected(world)


async def test_several_projectors_at_once_do_everything_once(world: SearchWorld) -> None:
    await _a_small_market(world, catch_up=False)
    await asyncio.gather(*(world.projector().catch_up() for _ in range(4)))
    await world.catch_up()
    assert await _listed(world) == await _expected(world)
    assert await world.pool.fetchval("SELECT count(*) - count(DISTINCT key) FROM search_entry WHERE gone IS NULL") == 0


async def test_no_way_into_the_tables_goes_past_the_search(world: SearchWorld, intake_dsn: str) -> None:
    await world.offer("ens", name="Ens")
    await world.vacancy("ens", title_da="Plads")
    await world.catch_up()
    await count(intake_dsn, "WITH gone AS (DELETE FROM vacancy RETURNING 1) SELECT count(*) FROM gone")
    await world.catch_up()
    assert [hit["vacancy_id"] for hit in await world.everything()] == [None]
    await count(intake_dsn, "WITH gone AS (DELETE FROM offer RETURNING 1) SELECT count(*) FROM gone")
    await world.catch_up()
    assert await world.everything() == []


async def test_a_rebuild_puts_right_what_was_put_wrong(world: SearchWorld) -> None:
    await _a_small_market(world)
    whole = await _listed(world)
    await world.pool.execute(
        "DELETE FROM search_entry WHERE key < (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY key) FROM search_entry)"
    )
    await world.pool.execute("UPDATE search_hit SET hit = '{}'")
    assert await world.store.everything_is_due() > 0
    await world.catch_up()
    assert await _listed(world) == whole
    assert all(hit["name"] for hit in await world.everything())


async def test_the_projector_works_by_itself_and_says_how_far_behind_it_is(world: SearchWorld) -> None:
    projector = world.projector(share_percent=50)
    running = asyncio.create_task(projector.run())
    try:
        await world.offer("ens", name="Ens")

        async def found() -> int:
            total: int = (await world.search())["total"]
            return total

        await eventually(found)
        await eventually(lambda: projector.check().detail, until=lambda detail: detail == "up to date")
        assert projector.check().ok
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class _CutOffError(Exception):
    pass


def _cut_off(step: Any, *, after: bool) -> Any:
    async def cut(*args: Any, **kwargs: Any) -> Any:
        if after:
            await step(*args, **kwargs)
        raise _CutOffError

    return cut


async def _a_small_market(world: SearchWorld, *, catch_up: bool = True) -> None:
    await world.offer("leret", name="Leret", municipality="0461", text_da="Keramik og maleri.")
    await world.offer("pulsen", name="Pulsen", municipality="0751", text_da="Svømning.")
    await world.offer("hoevlen", name="Høvlen", municipality="0461", kinds=["SEL-103"], sections=["SEL-103"])
    await world.offer("tom", name="Den kreative plads", municipality="0101")
    await world.offer("hemmelig", name="Krisecentret", municipality="0461", kinds=["SEL-109"], sections=["SEL-109"])
    group = min(reference.target_groups())
    for number in range(4):
        await world.vacancy(
            "leret",
            title_da=f"Kreativ plads {number}",
            activities=["creative"],
            access=["self_referral", "visitation"],
            target_groups=[group],
        )
    await world.vacancy("pulsen", activities=["physical", "social"], access=["referral"])
    await world.vacancy("hoevlen", work_tasks=["production", "packing"], sections=["SEL-103"], kinds=["SEL-103", "BESK"])
    await world.vacancy("hemmelig", sections=["SEL-109"], access=["self_referral"])
    await world.close(await world.vacancy("pulsen"), "withdrawn")
    if catch_up:
        await world.catch_up()


async def _listed(world: SearchWorld) -> list[str]:
    rows = await world.pool.fetch("SELECT key FROM search_entry WHERE gone IS NULL ORDER BY key")
    return [row["key"] for row in rows]


async def _expected(world: SearchWorld) -> list[str]:
    rows = await world.pool.fetch(
        "SELECT 'v:' || vacancy_id AS key FROM vacancy WHERE status = 'open' UNION "
        "SELECT 'o:' || offer_id FROM offer WHERE NOT EXISTS (SELECT FROM vacancy WHERE vacancy.offer_id = offer.offer_id AND status = 'open') "
        "ORDER BY key"
    )
    return sorted(row["key"] for row in rows)


def _days(number: int) -> timedelta:
    return timedelta(days=number)
