"""Logging a person in with the provider: the code flow of OpenID Connect, with a proof key (PKCE), state and nonce."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlencode, urlsplit

import httpx2

from shared.identity.errors import ProviderAwayError, TokenRefusedError
from shared.identity.tokens import ID_TOKEN_KINDS, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.identity.keys import Keys
    from shared.identity.provider import Endpoints, Provider

_TIMEOUT_SECONDS: Final = 10.0

LoginFault = Literal["state", "provider", "code", "token"]


class LoginFailedError(Exception):
    """The login did not end well.

    Attributes:
        fault: `state`: the answer is not to a question of ours (or too late); `provider`: it says no; `code`: it gives nothing for
            its code; `token`: what it gives does not prove who this is.
    """

    def __init__(self, fault: LoginFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else fault)
        self.fault: LoginFault = fault


@dataclass(frozen=True, slots=True)
class Pending:
    """What must be remembered of a login until its answer comes; only who has it can end the login."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    def document(self) -> dict[str, str]:
        """Give it to be kept."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Granted:
    """What the provider says of who logged in, and the token for our APIs."""

    claims: Mapping[str, Any] = field(repr=False)
    access_token: str = field(repr=False)
    expires_in: float


@dataclass(frozen=True, slots=True)
class Program:
    """As what the provider knows us; a program that can keep no secret has none."""

    id: str
    secret: str | None = field(default=None, repr=False)
    scopes: str = "openid profile"


class CodeFlow:
    """Logs people in.

    Args:
        provider: where it is.
        keys: what it signs with.
        program: as what it knows us.
        clock_skew_seconds: see `Tokens`.
        clock: seconds since 1970.
    """

    def __init__(
        self, provider: Provider, keys: Keys, program: Program, clock_skew_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._provider = provider
        self._program = program
        self._id_tokens = Tokens(keys, provider.issuer, program.id, ID_TOKEN_KINDS, clock_skew_seconds, clock)

    async def begin(self, redirect_uri: str) -> tuple[str, Pending]:
        """Give the address to send the browser to, and what to remember.

        Raises:
            ProviderAwayError: nobody knows where that is.
        """
        endpoints = await self._provider.endpoints()
        pending = Pending(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        asked = {
            "response_type": "code",
            "client_id": self._program.id,
            "redirect_uri": redirect_uri,
            "scope": self._program.scopes,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": _challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(endpoints.authorization_endpoint).query else "?"
        return f"{endpoints.authorization_endpoint}{joint}{urlencode(asked)}", pending

    async def finish(self, redirect_uri: str, pending: Pending, answer: Mapping[str, str]) -> Granted:
        """Turn the provider's answer into who logged in.

        Raises:
            LoginFailedError: it does not prove anything.
            ProviderAwayError: it does not answer.
        """
        endpoints = await self._provider.endpoints()
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise LoginFailedError("state")
        if endpoints.authorization_response_iss_parameter_supported and answer.get("iss") != endpoints.issuer:
            # RFC 9207: the answer of another provider, mixed in.
            raise LoginFailedError("state")
        if "code" not in answer:
            raise LoginFailedError("provider", answer.get("error", "")[:60])
        given = await self._exchange(endpoints, redirect_uri, pending, answer["code"])
        return Granted(
            claims=await self._claims(given.get("id_token"), pending),
            access_token=str(given.get("access_token", "")),
            expires_in=float(given.get("expires_in", 300)),
        )

    async def _exchange(self, endpoints: Endpoints, redirect_uri: str, pending: Pending, code: str) -> dict[str, Any]:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._program.id,
            "code_verifier": pending.verifier,
        }
        # As a form would write them (RFC 6749, 2.3.1).
        auth = None if self._program.secret is None else (quote(self._program.id, safe=""), quote(self._program.secret, safe=""))
        try:
            async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, auth=auth) as client:
                answer = await client.post(endpoints.token_endpoint, data=sent)
                if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
                    raise ProviderAwayError(f"the token endpoint answers {answer.status_code}")
                given = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderAwayError(f"the token endpoint: {type(error).__name__}") from error
        if answer.status_code != httpx2.codes.OK or not isinstance(given, dict):
            raise LoginFailedError("code", str(answer.status_code))
        return given

    async def _claims(self, id_token: object, pending: Pending) -> Mapping[str, Any]:
        if not isinstance(id_token, str):
            raise LoginFailedError("token", "missing")
        try:
            claims = await self._id_tokens.read(id_token)
        except TokenRefusedError as refused:
            raise LoginFailedError("token", refused.reason) from None
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), pending.nonce.encode()):
            raise LoginFailedError("token", "nonce")
        return claims

    async def end_address(self, back: str) -> str | None:
        """Give where the browser ends its session with the provider too; None where the provider has no such place.

        Raises:
            ProviderAwayError: nobody knows.
        """
        endpoint = (await self._provider.endpoints()).end_session_endpoint
        if endpoint is None:
            return None
        asked = urlencode({"client_id": self._program.id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{asked}"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
