"""The ways in, as a caseworker's or an offer's own system would use them: intake's HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft

Answer = dict[str, Any]
"""One JSON object of a service."""

BATCH = 500
"""Intake takes so many rows in one transaction."""
_TIMEOUT_SECONDS = 30.0
_JSON = {"content-type": "application/json"}


class AwayError(Exception):
    """The service did not answer, or said that it cannot now: the same call later may do."""


class RefusedError(Exception):
    """The service understood and said no; the message is its own."""

    def __init__(self, message: str, status: int, problem: Answer) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem


class Service:
    """One service's HTTP, with its two ways of not doing what was asked told apart."""

    def __init__(self, client: httpx2.AsyncClient, url: str) -> None:
        self._client = client
        self.url = url.rstrip("/")

    async def call(self, method: str, path: str, body: bytes | None = None, **query: str | int) -> Answer:
        """Make one call and give the JSON object that it answers with.

        Raises:
            AwayError: it did not answer, or with 5xx.
            RefusedError: it answered with 4xx.
        """
        try:
            answer = await self._client.request(
                method, self.url + path, content=body, params=query or None, headers=_JSON, timeout=_TIMEOUT_SECONDS
            )
        except httpx2.HTTPError as error:
            raise AwayError(f"{self.url} did not answer ({type(error).__name__}: {error})") from error
        raise_for(answer)
        content: Answer = answer.json() if answer.content else {}
        return content


class Intake(Service):
    """Intake, for those who post and register."""

    async def put_offer(self, offer_id: str, draft: OfferDraft) -> Answer:
        return await self.call("PUT", f"/offers/{offer_id}", to_json(draft))

    async def post_vacancies(self, drafts: Sequence[VacancyDraft]) -> list[Answer]:
        """Post up to 500 vacancies in one transaction; a result for each, in order."""
        return _rows(await self.call("POST", "/vacancies:batch", _array(drafts)))

    async def post_needs(self, drafts: Sequence[NeedDraft]) -> list[Answer]:
        """Register up to 500 needs in one transaction; a result for each, in order."""
        return _rows(await self.call("POST", "/needs:batch", _array(drafts)))

    async def withdraw(self, vacancy_id: str) -> Answer:
        return await self.call("POST", f"/vacancies/{vacancy_id}/withdraw")

    async def close_need(self, need_id: str) -> Answer:
        return await self.call("POST", f"/needs/{need_id}/close", b'{"reason":"closed"}')


def raise_for(answer: httpx2.Response) -> None:
    """Tell an answer that is an error: the service is away, or says no.

    Raises:
        AwayError: 5xx.
        RefusedError: 4xx.
    """
    if answer.is_server_error:
        raise AwayError(f"{str(answer.url).partition('?')[0]} answered {answer.status_code}")
    if answer.is_client_error:
        problem = _problem(answer)
        raise RefusedError(
            f"{problem.get('title', answer.status_code)}: {problem.get('detail', '')}", answer.status_code, problem
        )


def to_json(draft: BaseModel) -> bytes:
    """Write a draft as a person's system would: what is not stated is left out."""
    return draft.model_dump_json(exclude_defaults=True).encode()


def _array(drafts: Sequence[BaseModel]) -> bytes:
    return b"[" + b",".join(map(to_json, drafts)) + b"]"


def _rows(answer: Answer) -> list[Answer]:
    return sorted(answer["results"], key=lambda row: int(row["index"]))


def _problem(answer: httpx2.Response) -> Answer:
    try:
        content = answer.json()
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {"title": str(answer.status_code), "detail": answer.text[:200]}
