"""Where the OpenID provider's endpoints are, as its discovery document says."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ValidationError

from shared.identity.documents import read_document
from shared.identity.errors import ProviderAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

_FRESH_SECONDS: Final = 3600.0


class Endpoints(BaseModel):
    """What is used of OpenID Connect Discovery 1.0."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False


class Provider:
    """An OpenID provider by its issuer; asked when something is needed of it, and no earlier."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._clock = clock
        self._known: tuple[float, Endpoints] | None = None
        self._lock = asyncio.Lock()

    async def endpoints(self) -> Endpoints:
        """Give the endpoints, read at most an hour ago.

        Raises:
            ProviderAwayError: the document does not come, or is not this issuer's.
        """
        async with self._lock:
            if self._known is None or self._clock() - self._known[0] > _FRESH_SECONDS:
                self._known = self._clock(), await self._discover()
            return self._known[1]

    async def _discover(self) -> Endpoints:
        document = await read_document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = Endpoints.model_validate(document)
        except ValidationError as error:
            raise ProviderAwayError("the discovery document is not complete") from error
        if found.issuer != self.issuer:
            # Else one provider could answer in the name of another (OpenID Connect Discovery 1.0, 4.3).
            raise ProviderAwayError("the discovery document names another issuer")
        return found
