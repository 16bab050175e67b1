"""`ledigplads keys`: the master keys that wrap the keys of citizens."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyclopts import App

from deploy.cli import output
from deploy.cli.calling import intake_of
from deploy.cli.exits import OK, REFUSED, CommandError
from deploy.cli.stack_state import find_stack
from deploy.embedded.home import home_folder
from services.intake.citizens.master_keys import MasterKeys, MasterKeysError, read_master_keys, write_master_keys

keys = App(
    name="keys",
    help="Hovednøgler: de pakker borgernes nøgler ind. Master keys: they wrap the keys of citizens (docs/guides/erasure.md).",
)
_FILE = "LEDIGPLADS_INTAKE_MASTER_KEYS_FILE"


@keys.command
async def rotate(*, file: Path | None = None, rewrap_only: bool = False) -> int:
    """Make a new master key, and have every citizen's key wrapped by it. The old one stays in the file until it is dropped.

    What was done and how many keys each master key wraps is one JSON document. Broken off, it can be given again.

    Parameters
    ----------
    file
        Of the master keys; by default what LEDIGPLADS_INTAKE_MASTER_KEYS_FILE names, or the embedded stack's own.
    rewrap_only
        The new key is in the file, or in intake's environment, already: only wrap by it.
    """
    if not rewrap_only:
        path = _path(file)
        write_master_keys(path, _read(path).rotated(datetime.now(UTC).date()))
    async with intake_of(find_stack()) as intake:
        output.document(await intake.call("POST", "/operator/keys/rewrap"))
    return OK


@keys.command
async def status() -> int:
    """Show which master keys there are, and how many keys each wraps."""
    async with intake_of(find_stack()) as intake:
        output.document(await intake.call("GET", "/operator/keys"))
    return OK


@keys.command
async def drop(key_id: str, *, file: Path | None = None) -> int:
    """Take a master key that wraps nothing any more out of the file. Backups of the keys that it wrapped can then not be used.

    Parameters
    ----------
    key_id
        As `ledigplads keys status` shows it.
    file
        Of the master keys, as for `rotate`.
    """
    async with intake_of(find_stack()) as intake:
        found: dict[str, Any] = await intake.call("GET", "/operator/keys")
        if still := found["wrapped_by"].get(key_id, 0):
            output.say(f"{key_id} still wraps {still} keys: first `ledigplads keys rotate`.")
            return REFUSED
        path = _path(file)
        try:
            write_master_keys(path, _read(path).without(key_id))
        except MasterKeysError as error:
            raise CommandError(str(error)) from None
        output.document(await intake.call("POST", "/operator/keys/rewrap"))
    return OK


def _path(given: Path | None) -> Path:
    if given is not None:
        return given
    named = os.environ.get(_FILE)
    return Path(named) if named else home_folder() / "master-keys.json"


def _read(path: Path) -> MasterKeys:
    try:
        return read_master_keys(path)
    except MasterKeysError as error:
        raise CommandError(str(error)) from None
