"""The provider's public keys: kept for a while, fetched again for a key that is not known, refused when they are too old."""

from __future__ import annotations

import asyncio
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.identity.errors import ProviderAwayError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_log = structlog.get_logger(__name__)

PublicKey = RSAKey | ECKey | OKPKey
_KINDS: Final[Mapping[str, type[RSAKey | ECKey | OKPKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
"""Symmetric keys are never taken from a document that everybody can read."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long keys are believed, in seconds."""

    fresh: float = 300.0
    """So long a key set stands without being asked for again: a key that the provider has withdrawn is refused after that."""
    kept: float = 3600.0
    """So long it stands while the provider does not answer."""
    again: float = 10.0
    """So often at most the provider is asked: a flood of tokens with invented key ids is no flood of questions."""


class Keys:
    """A provider's key set.

    Args:
        fetch: reads the JWKS document; raises ProviderAwayError.
        patience: how long keys are believed.
        clock: seconds on any clock that only goes forward.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Mapping[str, Any]]],
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._patience = patience
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: Mapping[str | None, PublicKey] = {}
        self._had_at: float | None = None
        self._asked_at: float | None = None

    async def find(self, key_id: str | None) -> PublicKey | None:
        """Give the key of that id, None when the provider has none; without an id, the only key where there is only one.

        Raises:
            ProviderAwayError: there are no keys that can still be believed.
        """
        if self._age() > self._patience.fresh:
            await self._refresh(unless=lambda: self._age() <= self._patience.fresh)
        found = self._known(key_id)
        if found is None:
            await self._refresh(unless=lambda: self._known(key_id) is not None)
            found = self._known(key_id)
        if self._age() > self._patience.kept:
            raise ProviderAwayError("the provider's keys are not to be had")
        return found

    def _known(self, key_id: str | None) -> PublicKey | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _age(self) -> float:
        return float("inf") if self._had_at is None else self._clock() - self._had_at

    async def _refresh(self, *, unless: Callable[[], bool]) -> None:
        """Ask once, whoever else waits for the same."""
        async with self._lock:
            now = self._clock()
            if unless() or (self._asked_at is not None and now - self._asked_at < self._patience.again):
                return
            self._asked_at = now
            try:
                document = await self._fetch()
            except ProviderAwayError as error:
                _log.warning("identity_keys_not_fetched", reason=str(error))
                return
            self._keys, self._had_at = public_keys(document), now


def public_keys(document: Mapping[str, Any]) -> dict[str | None, PublicKey]:
    """Read the signing keys of a JWKS document by their id; what cannot be used for that is left out."""
    listed = document.get("keys")
    keys: dict[str | None, PublicKey] = {}
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") not in _KINDS:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", SecurityWarning)
                key = _KINDS[entry["kty"]].import_key(entry)
        except (JoseError, SecurityWarning, ValueError, TypeError, KeyError) as error:
            _log.warning("identity_key_left_out", reason=type(error).__name__)
            continue
        keys[entry.get("kid")] = key
    return keys
