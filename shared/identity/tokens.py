"""Signed tokens of the provider (JWT): what they say, if they say it to us, now, and in the provider's own hand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from joserfc import jws
from joserfc.errors import BadSignatureError, DecodeError, JoseError
from joserfc.jws import JWSRegistry

from shared.identity.errors import TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.identity.keys import Keys, PublicKey

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"}
)
"""Asymmetric ones alone: with HS256 whoever knows the public key could sign, and `none` is no signature."""

ACCESS_TOKEN_KINDS: Final = frozenset({"at+jwt", "application/at+jwt", "jwt", ""})
"""The header `typ` in small letters. RFC 9068 wants at+jwt; many providers still say JWT or nothing, and the audience tells theirs apart."""
ID_TOKEN_KINDS: Final = frozenset({"jwt", ""})

_MOST_CHARACTERS: Final = 16_384
_MOST_OF_A_SUBJECT: Final = 255


class _Registry(JWSRegistry):
    """Providers put certificates into the header."""

    max_header_length = 8192


@dataclass(frozen=True, slots=True)
class Tokens:
    """Reads tokens of one kind.

    Attributes:
        keys: the provider's.
        issuer: as it must stand in the token, letter by letter.
        audience: to whom the token must be given.
        kinds: what the header `typ` may say, in small letters.
        clock_skew_seconds: how far our clock and the provider's may differ.
        clock: seconds since 1970.
    """

    keys: Keys
    issuer: str
    audience: str
    kinds: frozenset[str] = ACCESS_TOKEN_KINDS
    clock_skew_seconds: float = 60.0
    clock: Callable[[], float] = time.time

    async def read(self, token: str) -> Mapping[str, Any]:
        """Give the claims of a token that holds.

        Raises:
            TokenRefusedError: it does not, and why.
            ProviderAwayError: the keys to judge it by cannot be had.
        """
        claims = await self._verified(token)
        self._check_names(claims)
        self._check_times(claims)
        return claims

    async def _verified(self, token: str) -> dict[str, Any]:
        algorithm, key = await self._signed_with(token)
        registry = _Registry(algorithms=[algorithm], strict_check_header=False)
        try:
            payload = jws.deserialize_compact(token.encode(), key, registry=registry).payload
        except (BadSignatureError, DecodeError):
            raise TokenRefusedError("signature") from None
        except (JoseError, ValueError, TypeError):
            # Above all a key of another type than the algorithm's.
            raise TokenRefusedError("algorithm") from None
        try:
            claims = orjson.loads(payload or b"")
        except orjson.JSONDecodeError:
            raise TokenRefusedError("malformed") from None
        if not isinstance(claims, dict):
            raise TokenRefusedError("malformed")
        return claims

    async def _signed_with(self, token: str) -> tuple[str, PublicKey]:
        """Give the algorithm and the key, from a header that nobody has vouched for yet: both must be ones that we chose."""
        if len(token) > _MOST_CHARACTERS or not token.isascii():
            raise TokenRefusedError("malformed")
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError):
            raise TokenRefusedError("malformed") from None
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise TokenRefusedError("algorithm")
        if str(header.get("typ", "")).lower() not in self.kinds:
            raise TokenRefusedError("kind")
        key = await self.keys.find(key_id if key_id is None else str(key_id))
        if key is None:
            raise TokenRefusedError("unknown-key")
        if key.alg not in (None, algorithm):
            raise TokenRefusedError("algorithm")
        return str(algorithm), key

    def _check_names(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self.issuer:
            raise TokenRefusedError("issuer")
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefusedError("audience")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_OF_A_SUBJECT or not subject.isprintable():
            raise TokenRefusedError("subject")

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, skew = self.clock(), self.clock_skew_seconds
        expires = _moment(claims.get("exp"))
        if expires is None or now >= expires + skew:
            raise TokenRefusedError("expired")
        for name in ("nbf", "iat"):
            if name in claims and ((begins := _moment(claims[name])) is None or begins > now + skew):
                raise TokenRefusedError("not-yet-valid")


def _moment(value: object) -> float | None:
    """Read a NumericDate (RFC 7519, 2); True is no number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
