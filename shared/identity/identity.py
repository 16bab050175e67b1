"""What a service needs to know who asks, made of its settings."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from shared.identity.claims import ClaimRules, load_claim_rules
from shared.identity.documents import read_document
from shared.identity.keys import Keys
from shared.identity.provider import Provider
from shared.identity.sessions import Lifetimes, Sessions
from shared.identity.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from shared.identity.person import Person
    from shared.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Identity:
    """The provider, its keys, how its claims are read, and our own sessions."""

    provider: Provider
    keys: Keys
    tokens: Tokens
    rules: ClaimRules
    sessions: Sessions
    public_url: str

    @classmethod
    def of(cls, settings: ServiceSettings, clock: Callable[[], float] = time.time) -> Self:
        """Make it; the provider is asked when the first token comes."""
        provider = Provider(settings.identity_issuer)

        async def fetch() -> Mapping[str, Any]:
            return await read_document(settings.identity_jwks_url or (await provider.endpoints()).jwks_uri)

        keys = Keys(fetch)
        return cls(
            provider=provider,
            keys=keys,
            tokens=Tokens(
                keys,
                settings.identity_issuer,
                settings.identity_audience,
                clock_skew_seconds=settings.identity_clock_skew_seconds,
                clock=clock,
            ),
            rules=load_claim_rules(settings.identity_claims),
            sessions=Sessions(
                [secret for secret in (settings.identity_session_secret, settings.identity_session_secret_before) if secret],
                settings.public_url,
                Lifetimes(settings.identity_session_minutes * 60, settings.identity_session_hours * 3600),
                clock,
            ),
            public_url=settings.public_url.rstrip("/"),
        )

    async def person_by(self, token: str) -> tuple[Person, float]:
        """Give who an access token stands for, and until when (seconds since 1970).

        Raises:
            TokenRefusedError: the token proves nothing.
            ProviderAwayError: that cannot be judged now.
        """
        claims = await self.tokens.read(token)
        return self.rules.person(claims), float(claims["exp"]) + self.tokens.clock_skew_seconds
