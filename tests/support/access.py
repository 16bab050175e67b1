"""The matrix of access: every route of the table asked by every kind of person, about one municipality's and one offer's things."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from shared.contracts import reference
from shared.identity import Role
from shared.identity.permissions import TABLE, Permission, Service
from tests.support.identity import bearer, token_for
from tests.support.intake import NEED, OFFER, VACANCY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx2

MATRIX: Final = Path(__file__).parents[1] / "contract" / "access-matrix.yaml"

SKOVLY: Final = "skovly"
AARHUS: Final = "0751"
CASEWORKER: Final = "sb-0751-7"
TEAM: Final = "voksen"
NEED_REFERENCE: Final = "sag-4711-matrix"
CPR: Final = "150375-9999"
_SERVICES: Final = sorted(reference.services())[:2]
VACANCY_DRAFT: Final = VACANCY | {
    "reference": "bed-1",
    "target_groups": [NEED["primary_target_group"]],
    "services": _SERVICES,
    "age_from": 18,
    "age_to": 65,
    "gender_rule": "everyone",
}
NEED_DRAFT: Final = NEED | {"source_reference": NEED_REFERENCE, "caseworker": CASEWORKER, "team": TEAM, "services": _SERVICES}

ACTORS: Final[Mapping[str, tuple[tuple[Role, ...], dict[str, Any]]]] = {
    "nobody": ((), {"person": "someone-logged-in"}),
    "staff": ((Role.OFFER_STAFF,), {"person": "staff-1", "offers": [SKOVLY]}),
    "staff-foreign": ((Role.OFFER_STAFF,), {"person": "staff-2", "offers": ["engly"]}),
    "caseworker": ((Role.CASEWORKER,), {"person": CASEWORKER, "municipality": AARHUS, "team": TEAM}),
    "colleague": ((Role.CASEWORKER,), {"person": "sb-0751-8", "municipality": AARHUS, "team": TEAM}),
    "caseworker-foreign": ((Role.CASEWORKER,), {"person": "sb-0791-1", "municipality": "0791", "team": TEAM}),
    "lead": ((Role.TEAM_LEAD,), {"person": "lead-0751", "municipality": AARHUS, "team": TEAM}),
    "lead-other-team": ((Role.TEAM_LEAD,), {"person": "lead-0751-2", "municipality": AARHUS, "team": "unge"}),
    "lead-foreign": ((Role.TEAM_LEAD,), {"person": "lead-0791", "municipality": "0791", "team": TEAM}),
    "partner": ((Role.PARTNER,), {"person": "system-1", "partner": "lake"}),
    "partner-foreign": ((Role.PARTNER,), {"person": "system-2", "partner": "sea"}),
    "partner-undeclared": ((Role.PARTNER,), {"person": "system-3", "partner": "nowhere"}),
    "operator": ((Role.OPERATOR,), {"person": "operator-1"}),
}
"""Who asks, beside `public`. What is asked for is the offer's, the municipality's and the caseworker's of `World`."""
EVERYBODY: Final = ("public", *ACTORS)
_MAY_KNOW_THE_NEED: Final = frozenset({"caseworker", "colleague", "lead", "lead-other-team", "partner"})
_NOT_YOURS: Final = frozenset(
    {"kind_not_granted", "offer_not_yours", "municipality_not_yours", "need_not_found", "partner_unknown", "own_offer"}
)


@dataclass(frozen=True, slots=True)
class World:
    """The three services, and what there is in them.

    Attributes:
        clients: of each service, without a token.
        need: of the caseworker, as published; it and the municipality's own reference for it are what may not leak.
        vacancy: of the offer, as published.
        citizen_id: of the citizen whose need it is.
    """

    clients: Mapping[Service, httpx2.AsyncClient]
    need: Mapping[str, Any]
    vacancy: Mapping[str, Any]
    citizen_id: str

    @property
    def secrets(self) -> tuple[str, ...]:
        return str(self.need["need_id"]), NEED_REFERENCE, CPR


@dataclass(frozen=True, slots=True)
class Question:
    """One request about the world: a route, and which of the things that it has in several kinds.

    A change is asked for under a condition that never holds (If-Match), or says what is there already: what one cell does is no
    business of the next.
    """

    row: Permission
    about: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the path beside the world's."""

    @property
    def name(self) -> str:
        return f"{self.row.name} ({self.about})" if self.about else self.row.name


def questions() -> list[Question]:
    """Give the questions of every row; each row has one at least."""
    return [question for row in TABLE for question in _of(row)]


def _of(row: Permission) -> list[Question]:
    if row.path.startswith("/sheets/") and not row.is_public:
        query = {"dry_run": "true"} if row.method == "POST" else {}
        return [Question(row, kind, query, {"kind": kind}) for kind in _SHEETS]
    if row.service is Service.NOTIFICATIONS and any(role is Role.CASEWORKER for role in row.roles):
        query = {"after": "0"} if row.path.endswith("stream") else {}
        return [Question(row, "own", query), Question(row, "the caseworker's", query | {"person": CASEWORKER})]
    return [Question(row, query={"handlekommune": AARHUS} if row.path == "/needs:references" else {})]


async def answer_to(world: World, question: Question, actor: str) -> str:
    """Ask, and say in a word what came of it; whoever may not know the need must not be told of it, whatever the word is.

    Returns:
        a status (401, 403, 404), `login` (sent to log in), `yes` (let in), `none` (let in, and told nothing of what there is),
        `row` (let in, and the thing in the body refused as another's).
    """
    client, row = world.clients[question.row.service], question.row
    headers = _CONDITION | ({} if actor == "public" else dict(bearer(token_for(*ACTORS[actor][0], **ACTORS[actor][1]))))
    request = client.build_request(
        row.method, _path(world, question), params=dict(question.query) or None, **_sent(world, question, headers)
    )
    answer = await client.send(request, stream=True)
    try:
        text = await _read(answer)
    finally:
        await answer.aclose()
    sent = request.content.decode()
    told = [secret for secret in world.secrets if secret in text and secret not in sent]
    if actor not in _MAY_KNOW_THE_NEED or row.is_public:
        assert not told, f"{actor} was told of another's need by {question.name} ({answer.status_code})"
    word = _word(answer, text, question)
    return "none" if word == "yes" and _lists_nothing(question, text, told) else word


_CONDITION: Final[dict[str, str]] = {"If-Match": '"0.0"'}
_LISTS: Final = frozenset({"/needs", "/needs:references", "/notifications/", "/notifications/alerts", "/notifications/stream"})


def _lists_nothing(question: Question, text: str, told: Sequence[str]) -> bool:
    if question.row.method != "GET":
        return False
    if question.about in {"offers", "vacancies"}:
        return f'"{SKOVLY}"' not in text
    return (question.row.path in _LISTS or question.about == "needs") and not told


def _word(answer: httpx2.Response, text: str, question: Question) -> str:
    status = answer.status_code
    assert status < 500, f"{question.name}: {status} {text[:300]}"
    if status == 303 and answer.headers["location"].startswith("/login"):
        return "login"
    if status in {401, 403, 404}:
        return str(status)
    return "row" if any(f'"{code}"' in text for code in _NOT_YOURS) else "yes"


async def _read(answer: httpx2.Response) -> str:
    """Read all of it, or of a stream what comes at once."""
    parts: list[bytes] = []
    is_stream = "event-stream" in answer.headers.get("content-type", "")
    with suppress(TimeoutError):
        async with asyncio.timeout(_STREAM_SECONDS if is_stream else 20):
            async for part in answer.aiter_bytes():
                parts.append(part)  # noqa: PERF401 - what came before the time was up counts
    return b"".join(parts).decode(errors="replace")


_STREAM_SECONDS: Final = 0.4


def _path(world: World, question: Question) -> str:
    known = {
        "need_id": world.need["need_id"],
        "vacancy_id": world.vacancy["vacancy_id"],
        "offer_id": SKOVLY,
        "number": "1",
        "code_list": "sections",
        "code": "SEL-103",
        "partner": "none-of-that-name",
        "citizen_id": world.citizen_id,
        "erasure_id": "no-such-erasure",
        "municipality": AARHUS,
        "person": "somebody-new",
        "kind": "needs",
        "form": "jsonl",
    }
    return question.row.path.replace("/*", "/inbox.css").format_map({**known, **question.known})


def _sent(world: World, question: Question, headers: Mapping[str, str]) -> dict[str, Any]:
    row = question.row
    if row.path == "/sheets/{kind}":
        return {"content": orjson.dumps(_SHEETS[question.about]), "headers": {**headers, "Content-Type": "application/x-ndjson"}}
    body = _BODIES.get(f"{row.method} {row.path}")
    return {"headers": headers} if body is None else {"headers": headers, "json": body(world)}


_SHEETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "offers": {"offer_id": SKOVLY, **OFFER},
    "vacancies": VACANCY_DRAFT,
    "needs": NEED_DRAFT,
}
PARTNERS: Final = (
    {"partner": "lake", "offers": [SKOVLY], "kinds": ["offer", "vacancy", "need"], "municipalities": [AARHUS]},
    {"partner": "sea", "offers": ["engly"], "kinds": ["offer", "vacancy", "need"], "municipalities": ["0791"]},
)
"""What is declared for the partners among the actors."""
_AT: Final = {"topic": "vacancies", "partition": 0, "offset": 0}
_BODIES: Final[Mapping[str, Callable[[World], Any]]] = {
    "PUT /offers/{offer_id}": lambda _: OFFER,
    "POST /vacancies": lambda _: VACANCY_DRAFT,
    "POST /vacancies:batch": lambda _: [VACANCY_DRAFT],
    "POST /vacancies:confirm": lambda _: {"offer_id": SKOVLY},
    "PUT /vacancies/{vacancy_id}": lambda _: VACANCY_DRAFT,
    "PATCH /vacancies/{vacancy_id}": lambda _: {"places_free": 1},
    "POST /vacancies/{vacancy_id}/observations": lambda _: {"finding": "still_free"},
    "POST /offers/{offer_id}/observations/{number}/objection": lambda _: {"reason": "was_still_free"},
    "POST /operator/offers/{offer_id}/observations/{number}/ruling": lambda _: {"ruling": "dismissed"},
    "POST /needs": lambda _: NEED_DRAFT,
    "POST /needs:batch": lambda _: [NEED_DRAFT],
    "PUT /needs/{need_id}": lambda _: NEED_DRAFT,
    "POST /needs/{need_id}/close": lambda _: {"reason": "closed"},
    "POST /needs/{need_id}/rule-out": lambda world: {"vacancy_id": world.vacancy["vacancy_id"], "reason": "declined_by_citizen"},
    "PUT /needs/{need_id}/citizen": lambda _: {"cpr": CPR, "name": "Opdigtet Borger"},
    "POST /citizens:find": lambda _: {"municipality": AARHUS, "cpr": CPR},
    "POST /operator/partners": lambda _: PARTNERS[0],
    "POST /operator/replay": lambda _: _AT,
    "POST /operator/republish": lambda _: {"topic": "offers", "key": "no-such-offer"},
    "POST /operator/restored": lambda _: {},
    "POST /operator/erasures": lambda _: {},
    "POST /matching/explain": lambda world: {"need": world.need, "vacancy": world.vacancy},
    "POST /matching/near-misses": lambda world: {"need": world.need},
    "POST /matching/operator/replay": lambda _: _AT,
    "PUT /notifications/operator/people/{person}": lambda _: {"municipality": AARHUS},
    "POST /notifications/operator/replay": lambda _: _AT,
}
