"""AES-256-GCM: fields sealed with a citizen's own key, and that key wrapped by a master key.

Every sealed thing is bound to what it is about by associated data, so that bytes moved to another citizen, another field or under
another key do not open. Nonces are random: a key seals a few fields, far from the 2^32 that 96 bits allow.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class CannotOpen(Exception):  # noqa: N818 - the message says the rest
    """The key is another one, or the bytes are not those that were sealed for this citizen and field."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A citizen's own key; it exists in the clear only here, and is never shown."""

    citizen_id: str
    key_id: str
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, citizen_id: str) -> DataKey:
        return cls(citizen_id, os.urandom(16).hex(), os.urandom(KEY_BYTES))

    def seal(self, name: str, text: str) -> bytes:
        """Seal the text of a field."""
        return _seal(self.secret, text.encode(), (self.citizen_id, name, self.key_id))

    def open(self, name: str, sealed: bytes) -> str:
        """Open a field.

        Raises:
            CannotOpen: it was sealed for another citizen, another field or under another key, or somebody changed it.
        """
        return _open(self.secret, sealed, (self.citizen_id, name, self.key_id)).decode()


def wrap(master_secret: bytes, master_key_id: str, key: DataKey) -> bytes:
    """Wrap a citizen's key."""
    return _seal(master_secret, key.secret, (key.citizen_id, key.key_id, master_key_id))


def unwrap(master_secret: bytes, master_key_id: str, citizen_id: str, key_id: str, wrapped: bytes) -> DataKey:
    """Unwrap a citizen's key.

    Raises:
        CannotOpen: the master key is another one, or the row was changed.
    """
    return DataKey(citizen_id, key_id, _open(master_secret, wrapped, (citizen_id, key_id, master_key_id)))


def _seal(secret: bytes, clear: bytes, about: tuple[str, ...]) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, clear, _associated(about))


def _open(secret: bytes, sealed: bytes, about: tuple[str, ...]) -> bytes:
    try:
        return AESGCM(secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _associated(about))
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def _associated(about: tuple[str, ...]) -> bytes:
    """Join by what no id and no name of a field holds, so that two different things never read the same."""
    return "\x00".join(about).encode()
