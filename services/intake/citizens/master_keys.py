"""The master keys: in a file that only its owner may read, or in the environment; never in a database.

    {"current": "2026-11-25-1f0c", "keys": {"2026-11-25-1f0c": "<base64 of 32 bytes>"}, "index_key": "<base64 of 32 bytes>"}

New keys are wrapped by the current one. An older one stays until nothing is wrapped by it any more and no backup of the keys needs
it. `index_key` is for finding a citizen by CPR number, and is no master key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import stat
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from services.intake.citizens.sealing import KEY_BYTES, DataKey, unwrap, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class MasterKeysError(Exception):
    """The master keys are not there or cannot be used; the message says what to do, and never shows a key."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A citizen's key as it is stored."""

    citizen_id: str
    key_id: str
    master_key_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """All master keys that are known; one of them is current."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)

    @classmethod
    def new(cls, today: date) -> MasterKeys:
        key_id = _new_id(today)
        return cls(key_id, {key_id: os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES))

    def rotated(self, today: date) -> MasterKeys:
        """Add a key that is current from now on."""
        key_id = _new_id(today)
        return replace(self, current=key_id, keys={**self.keys, key_id: os.urandom(KEY_BYTES)})

    def without(self, key_id: str) -> MasterKeys:
        """Drop a key that is not current."""
        if key_id == self.current or key_id not in self.keys:
            raise MasterKeysError(f"The master key {key_id} is the current one, or there is none of that name.")
        return replace(self, keys={name: key for name, key in self.keys.items() if name != key_id})

    def wrap(self, key: DataKey) -> Wrapped:
        return Wrapped(key.citizen_id, key.key_id, self.current, wrap(self.keys[self.current], self.current, key))

    def unwrap(self, stored: Wrapped) -> DataKey:
        """Unwrap a stored key.

        Raises:
            MasterKeysError: its master key is not known.
            CannotOpen: the row was changed.
        """
        secret = self.keys.get(stored.master_key_id)
        if secret is None:
            raise MasterKeysError(f"The master key {stored.master_key_id} is not among the master keys of this intake.")
        return unwrap(secret, stored.master_key_id, stored.citizen_id, stored.key_id, stored.wrapped)

    def cpr_index(self, municipality: str, cpr: str) -> bytes:
        """Give what a citizen is found by: a stranger cannot try all CPR numbers, as with a plain hash."""
        return self._digest(b"cpr", municipality, cpr)

    def reference(self, citizen_id: str) -> bytes:
        """Give a pseudonym of a pseudonym: what stays in the chain of the access log after the citizen is erased."""
        return self._digest(b"access", citizen_id)

    def _digest(self, purpose: bytes, *said: str) -> bytes:
        return hmac.digest(self.index_key, b"\x00".join([purpose, *(one.encode() for one in said)]), hashlib.sha256)

    def to_json(self) -> str:
        keys = {name: base64.b64encode(key).decode() for name, key in self.keys.items()}
        document = {"current": self.current, "keys": keys, "index_key": base64.b64encode(self.index_key).decode()}
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> MasterKeys:
        """Read them.

        Raises:
            MasterKeysError: something is missing, or is no key.
        """
        try:
            document: dict[str, Any] = json.loads(text)
            keys = {str(name): _key(value) for name, value in document["keys"].items()}
            found = cls(str(document["current"]), keys, _key(document["index_key"]))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            raise MasterKeysError(
                "The master keys are not as they should be: see docs/guides/erasure.md for their form."
            ) from None
        if found.current not in found.keys:
            raise MasterKeysError(f"The current master key {found.current} is not among the keys.")
        return found


def read_master_keys(path: Path) -> MasterKeys:
    """Read a file that nobody else may read.

    Raises:
        MasterKeysError: it is not there, others may read it, or it is not as it should be.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise MasterKeysError(f"Others may read the master keys in {path}: chmod 600.")
        return MasterKeys.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MasterKeysError(f"The master keys cannot be read from {path}: {type(error).__name__}.") from None


def write_master_keys(path: Path, keys: MasterKeys) -> None:
    """Replace the file whole; it is its owner's alone from its first byte on."""
    scratch = path.with_suffix(".new")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(keys.to_json())
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def _new_id(today: date) -> str:
    return f"{today.isoformat()}-{os.urandom(4).hex()}"


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError
    return key
