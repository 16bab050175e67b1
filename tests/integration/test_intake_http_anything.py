"""Anything at any HTTP way in: an accepted event that validates, or a problem that says why; never a 500, never silence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.need import NeedProfile
from shared.contracts.offer import Offer
from shared.contracts.vacancy import Vacancy
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, records_of, running_intake

_SOME = settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        (await running.client.put("/offers/skovly", json=OFFER)).raise_for_status()
        yield running


def hold_to_account(answer: httpx2.Response, *about: object) -> None:
    """Hold an answer against what every answer is."""
    kind = answer.headers["content-type"].partition(";")[0]
    assert answer.status_code < 500, (about, answer.text)
    if answer.status_code >= 400:
        assert kind == "application/problem+json", about
        problem = answer.json()
        assert {"type", "status", "title", "detail", "errors", "correlation_id"} <= problem.keys()
        assert problem["errors"] or answer.status_code in {404, 405, 410, 413}, (about, problem)
        for error in problem["errors"]:
            assert error["code"], about
            assert error["text_da"], about
            assert error["text_en"], about


NUL, DEEP = '"a\\u0000b"', "[" * 900 + "]" * 900
ODD_BODIES = [
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[[]]", b"{", b'{"a":', b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{}{}", b"NaN",
    b'{"offer_id": "skovly", "title_da": NaN}', b'{"places_free": Infinity}', b'{"places_free": 1e400}', b'{"places_free": -1e400}',
    b'{"places_free": 99999999999999999999999999}', b'{"birth_year": 1e300}', b'"\\ud800"', b'{"title_da": "\\ud800"}',
    b'{"title_da": "\xed\xa0\x80"}', b'{"title_da": "\xc3"}', DEEP.encode(), b'{"title_da": ' + DEEP.encode() + b"}",
    ("{" + '"a":{' * 400 + "}" * 401).encode(), b'{"offer_id": "skovly", "offer_id": "elsewhere", "title_da": "x", "sections": ["SEL-103"]}',
    b"x" * 300_000, b'{"title_da": "' + b"x" * 300_000 + b'"}', b"[" + b"{}," * 600 + b"{}]", b"a=1&b=2", b"\x00", b"{\x00}",
]  # fmt: skip
_WRITING: list[tuple[str, str]] = [
    ("PUT", "/offers/skovly"),
    ("PUT", "/offers/another-one"),
    ("POST", "/vacancies"),
    ("POST", "/vacancies:batch"),
    ("POST", "/vacancies:confirm"),
    ("PUT", "/vacancies/{vacancy}"),
    ("PATCH", "/vacancies/{vacancy}"),
    ("POST", "/vacancies/{vacancy}/confirm"),
    ("POST", "/vacancies/{vacancy}/observations"),
    ("POST", "/needs"),
    ("POST", "/needs:batch"),
    ("PUT", "/needs/{need}"),
    ("POST", "/needs/{need}/close"),
    ("POST", "/needs/{need}/rule-out"),
]


async def ways_in(intake: IntakeUnderTest) -> list[tuple[str, str]]:
    vacancy = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    need = (await intake.client.post("/needs", json=NEED)).json()["need_id"]
    return [(method, path.format(vacancy=vacancy, need=need)) for method, path in _WRITING]


async def everything_published_validates(intake: IntakeUnderTest) -> None:
    for topic, model in (("offers", Offer), ("vacancies", Vacancy), ("need-profiles", NeedProfile)):
        for record in await records_of(intake, topic):
            if record.value is not None:
                read = model.model_validate_json(record.value)
                assert model.model_validate_json(read.model_dump_json(), strict=True) == read


async def each(strategy: st.SearchStrategy[Any], send: Callable[[Any], Awaitable[None]]) -> None:
    """Send what hypothesis makes, from a thread of its own, to the service in this loop."""
    loop = asyncio.get_running_loop()

    @_SOME
    @given(strategy)
    def one(value: Any) -> None:
        asyncio.run_coroutine_threadsafe(_as_coroutine(send(value)), loop).result()

    await asyncio.to_thread(one)


async def _as_coroutine(sending: Awaitable[None]) -> None:
    await sending


async def test_odd_bodies_at_every_way_in(intake: IntakeUnderTest) -> None:
    for method, path in await ways_in(intake):
        for body in ODD_BODIES:
            answer = await intake.client.request(method, path, content=body, headers={"Content-Type": "application/json"})
            hold_to_account(answer, method, path, body[:60])
    await everything_published_validates(intake)


async def test_wrong_kinds_of_content_are_said_to_be_so_and_huge_ones_refused(intake: IntakeUnderTest) -> None:
    for method, path in await ways_in(intake):
        for kind in (
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin-1",
            "x",
        ):
            answer = await intake.client.request(method, path, content=b"{}", headers={"Content-Type": kind})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (415, "Content-Type"), (path, kind)
        huge = b'{"title_da": "' + b"x" * (4 * 1024 * 1024) + b'"}'
        assert (await intake.client.request(method, path, content=huge)).status_code == 413


async def test_a_control_character_in_a_text_is_refused_at_its_field(intake: IntakeUnderTest) -> None:
    for field, value in (("title_da", "a\x00b"), ("text_da", "\x1b[31m"), ("contact", {"phone": "86\x0012"})):
        answer = await intake.client.post("/vacancies", json=VACANCY | {field: value})
        path = field if isinstance(value, str) else f"{field}.phone"
        assert (answer.status_code, [(error["field"], error["code"]) for error in answer.json()["errors"]]) == (
            422,
            [(path, "control_character")],
        )
    assert (await intake.client.post("/vacancies", json=VACANCY | {"text_da": "to\nlinjer\tog en fane"})).status_code == 201


ODD_IDS = [
    "%00", "a%00b", "..", "%2e%2e%2f", "%ff%fe", "a" * 5000, "æøå", "%F0%9F%8F%A0", "a b", "a'b", 'a"b', "a;DROP TABLE offer", "%0a", "-abc",
    "ab", "010203-1234", "null", "{}", "%7B%7D", "abc%2Fdef",
]  # fmt: skip


async def test_odd_ids_in_the_path(intake: IntakeUnderTest) -> None:
    for path in ("/offers/{}", "/vacancies/{}", "/vacancies/{}/confirm", "/needs/{}", "/needs/{}/close", "/codes/{}"):
        for odd in ODD_IDS:
            for method in ("GET", "PUT", "PATCH", "POST", "DELETE"):
                answer = await intake.client.request(method, path.format(odd), json=OFFER)
                hold_to_account(answer, method, path, odd)
    assert {record.key for record in await records_of(intake, "offers")} <= {"skovly", "null"}


async def test_odd_questions(intake: IntakeUnderTest) -> None:
    odd = [
        "",
        "0",
        "-1",
        "1001",
        "1e3",
        "٣",
        "1.5",
        "99999999999999999999",
        "%00",
        "%ff",
        "a%00b",
        "'",
        "true",
        "[]",
        "010203-1234",
    ]
    for path, names in (
        ("/vacancies", ("limit", "after", "status", "what")),
        ("/needs", ("limit", "after", "status")),
        ("/offers", ("limit", "after", "section")),
        ("/needs:references", ("handlekommune", "limit", "after", "status")),
        ("/search", ("q", "section", "kommune", "near", "distance_km", "limit", "cursor", "free_from")),
    ):
        for name in names:
            for value in odd:
                answer = await intake.client.get(f"{path}?{name}={value}")
                hold_to_account(answer, path, name, value)
                assert "010203-1234" not in answer.text or answer.is_success
    twice = await intake.client.get("/vacancies?limit=1&limit=2")
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (400, "repeated")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.sampled_from(["SEL-103", "0751", "skovly", "2027-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*Vacancy.model_fields, *NeedProfile.model_fields, *Offer.model_fields]) | st.text(),
            inner,
            max_size=6,
        )
    ),
    max_leaves=10,
)


def mutated(draft: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A draft that is right, but for what was put into it or left out."""
    changes = st.dictionaries(st.sampled_from(sorted(draft)) | st.text(max_size=5), JSON, max_size=3)
    return st.builds(
        lambda given, left_out: {name: value for name, value in (draft | given).items() if name not in left_out},
        changes,
        st.sets(st.sampled_from(sorted(draft)), max_size=2),
    )


def to_json(value: Any) -> bytes:
    """Write JSON as careless systems do: NaN, lone surrogates, numbers of any size."""
    import json  # noqa: PLC0415 - only here: it writes what orjson refuses

    return json.dumps(value).encode()


async def test_any_json_at_every_way_in_is_accepted_or_refused_with_the_reason(intake: IntakeUnderTest) -> None:
    ways = await ways_in(intake)

    async def send(sent: tuple[tuple[str, str], bytes]) -> None:
        (method, path), body = sent
        answer = await intake.client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        hold_to_account(answer, method, path, body[:200])
        if answer.is_success:
            for row in answer.json().get("results", ()):
                assert row["outcome"] in {"accepted", "unchanged"} or row["errors"], row

    anything = JSON | mutated(VACANCY) | mutated(NEED) | mutated(OFFER)
    bodies = (anything | st.lists(anything, max_size=3)).map(to_json) | st.binary(max_size=200)
    await each(st.tuples(st.sampled_from(ways), bodies), send)
    await everything_published_validates(intake)


async def test_any_headers_are_read_or_refused(intake: IntakeUnderTest) -> None:
    vacancy_id = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    names = [
        "If-Match",
        "If-None-Match",
        "Idempotency-Key",
        "Accept-Language",
        "Content-Type",
        "X-Correlation-Id",
    ]
    values = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=300).map(str.strip)

    async def send(headers: dict[str, str]) -> None:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        body = orjson.dumps({"places_free": 1})
        hold_to_account(await intake.client.patch(f"/vacancies/{vacancy_id}", content=body, headers=raw), headers)
        hold_to_account(await intake.client.get(f"/vacancies/{vacancy_id}", headers=raw), headers)

    await each(st.dictionaries(st.sampled_from(names), values, min_size=1, max_size=4), send)
