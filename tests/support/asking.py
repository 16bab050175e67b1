"""The default client of the tests: it asks as somebody whom the table lets in, about things that are his own.

Tests of what a service does would otherwise begin with a page about tokens. Tests of who may do it name a person themselves:
a request that carries `Authorization` stays as it is. `X-Test-Partner` asks as that partner's system, and stays in the test.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import httpx2
from starlette.routing import compile_path

from shared.identity import Role
from shared.identity.permissions import TABLE, Permission
from tests.support.identity import token_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

PARTNER_HEADER: Final = "X-Test-Partner"
MUNICIPALITY: Final = "0751"

_ROUTES: Final = [(row, compile_path(row.path)[0]) for row in TABLE]
_OFFER: Final = re.compile(rb'"offer_id"\s*:\s*"([^"\\]{3,64})"')
_MUNICIPALITY: Final = re.compile(rb'"handlekommune"\s*:\s*"(\d{4})"')
_SEARCHED: Final = re.compile(rb'"municipality"\s*:\s*"(\d{4})"')
_NEED: Final = re.compile(rb'"need_id"\s*:\s*"([^"\\]{3,64})"')
_OFFER_IN_PATH: Final = re.compile(r"^/(?:operator/)?offers/([^/]+)")
_NEED_IN_PATH: Final = re.compile(r"/needs/([^/]+)")


class AsWhoeverMay(httpx2.Auth):
    """Signs each request as a person with all the roles that may make it, but never as a partner.

    Attributes:
        offers: those that were spoken of so far: they are the person's own.
        municipality: of the last need that was spoken of, or of the one in the path if it is known.
    """

    def __init__(self, *offers: str) -> None:
        self.offers = {"skovly", *offers}
        self.municipality = MUNICIPALITY
        self._of_need: dict[str, str] = {}

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        self._sign(request)
        yield request

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        self._sign(request)
        response = yield request
        if request.method in {"POST", "PUT"} and response.headers.get("content-type") == "application/json":
            body = await response.aread()
            for need_id in _NEED.findall(body):
                self._of_need[need_id.decode()] = self.municipality

    def _sign(self, request: httpx2.Request) -> None:
        if "authorization" in request.headers:
            return
        partner = request.headers.pop(PARTNER_HEADER, None)
        row = _row(request.method, request.url.path)
        if row is None or (row.is_public and partner is None):
            return
        self._learn(request)
        token = self._token(row, request) if partner is None else _partners(partner)
        request.headers["Authorization"] = f"Bearer {token}"

    def _token(self, row: Permission, request: httpx2.Request) -> str:
        said: dict[str, Any] = {
            "person": request.url.params.get("person") or "person-1",
            "offers": sorted(self.offers) if Role.OFFER_STAFF in row.roles else (),
            "municipality": self.municipality,
        }
        return token_for(*(role for role in row.roles if role is not Role.PARTNER), **said)

    def _learn(self, request: httpx2.Request) -> None:
        body = _body(request)
        self.offers |= {found.decode() for found in _OFFER.findall(body)}
        if found := _OFFER_IN_PATH.match(request.url.path):
            self.offers.add(found[1])
        named = _NEED_IN_PATH.search(request.url.path)
        if municipalities := (_SEARCHED if request.url.path == "/citizens:find" else _MUNICIPALITY).findall(body):
            self.municipality = municipalities[-1].decode()
        elif named and named[1] in self._of_need:
            self.municipality = self._of_need[named[1]]
        elif asked := request.url.params.get("handlekommune"):
            self.municipality = asked


def own_offers_of(client: httpx2.AsyncClient) -> set[str]:
    """Give the offers that a default client speaks for, to be added to where a sheet names one for the first time."""
    assert isinstance(client.auth, AsWhoeverMay)
    return client.auth.offers


class AsPartner(httpx2.Auth):
    """Signs each request as a partner's system."""

    def __init__(self, partner: str) -> None:
        self._partner = partner

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["Authorization"] = f"Bearer {_partners(self._partner)}"
        yield request


def _partners(partner: str) -> str:
    return token_for(Role.PARTNER, person=f"system-{partner}", partner=partner)


def _row(method: str, path: str) -> Permission | None:
    wanted = "GET" if method == "HEAD" else method
    return next((row for row, pattern in _ROUTES if row.method == wanted and pattern.match(path)), None)


def _body(request: httpx2.Request) -> bytes:
    try:
        return request.content
    except httpx2.RequestNotRead:
        return b""  # a file that is sent as it is read
