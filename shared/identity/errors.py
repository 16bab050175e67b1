"""Why somebody is not who he says he is, or why that cannot be known just now."""

from typing import Literal

Refusal = Literal[
    "malformed",
    "kind",
    "algorithm",
    "unknown-key",
    "signature",
    "issuer",
    "audience",
    "expired",
    "not-yet-valid",
    "subject",
    "nonce",
]
"""Public: a caller reads it in the header WWW-Authenticate and in the problem."""


class TokenRefusedError(Exception):
    """The token proves nothing; `reason` says why, and nothing of what is in the token."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason: Refusal = reason


class ProviderAwayError(Exception):
    """The OpenID provider does not answer as one, and what is known of its keys is too old; nobody is let in meanwhile."""
