"""The folder `.ledigplads/` beside the project: whose stack it is, its ports, its state and its logs."""

import fcntl
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.embedded.errors import CannotStartError
from deploy.embedded.ports import free_port, is_free
from services.intake.citizens.master_keys import MasterKeys, write_master_keys

_LEAST_FREE_BYTES = 1_000_000_000
# What the Makefile put there to get this far; it is not part of what a stack remembers.
_TOOLS = "tools"
# The launcher prepares its parts side by side, in threads: what is read and written back must not be lost in between.
_CHANGING = threading.Lock()


def home_folder() -> Path:
    """LEDIGPLADS_HOME, or `.ledigplads` beside the checkout that this code lies in (beside the caller when it is installed)."""
    configured = os.environ.get("LEDIGPLADS_HOME")
    if configured:
        return Path(configured).resolve()
    checkout = Path(__file__).resolve().parents[2]
    return (checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()) / ".ledigplads"


class Home:
    """What one stack keeps between two starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def kafka(self) -> Path:
        return self.folder / "kafka"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def login_provider(self) -> Path:
        return self.folder / "login-provider"

    def log(self, name: str) -> Path:
        """Where a child's output goes."""
        return self.folder / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            CannotStartError: it cannot be made, or its disk is nearly full.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "logs").mkdir(exist_ok=True)
        except OSError as error:
            message = f"{self.folder} cannot be written ({error.strerror}): name another folder with LEDIGPLADS_HOME"
            raise CannotStartError(message) from error
        free = shutil.disk_usage(self.folder).free
        if free < _LEAST_FREE_BYTES:
            message = f"Only {free // 1_000_000} MB of disk are free under {self.folder}: free 1 GB, or name another folder with LEDIGPLADS_HOME"
            raise CannotStartError(message)

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the folder for one launcher, until it ends in whatever way.

        Raises:
            CannotStartError: another launcher holds it.
        """
        self.prepare()
        with (self.folder / "lock").open("a+", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                where = self.state().get("address") or "an address that it has yet to print"
                message = f"This stack is already up at {where}: open that, or stop it with: make down"
                raise CannotStartError(message) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
            lock.truncate(0)

    def owner(self) -> int | None:
        """The launcher that holds the folder now, None when nobody does."""
        path = self.folder / "lock"
        if not path.exists():
            return None
        with path.open("r+", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = lock.read().strip()
                return int(text) if text else None
        return None

    def state(self) -> dict[str, Any]:
        """What the last launcher wrote about its stack, empty when there is none."""
        return self._read("state.json")

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Say where everything is. Only the user may read it: there are passwords in it."""
        self._write("state.json", state)

    def forget_state(self) -> None:
        """Nothing is up any more."""
        (self.folder / "state.json").unlink(missing_ok=True)

    def remembered(self) -> dict[str, Any]:
        """What the stack was made with (brokers, workers, whether the sample is in)."""
        return self._read("stack.json")

    def remember(self, **facts: object) -> None:
        """Keep facts about the stack over a restart."""
        self._write("stack.json", self.remembered() | facts)

    def port(self, name: str) -> int:
        """The port that this name had, when it is free; else a free one, remembered."""
        with _CHANGING:
            ports = self._read("ports.json")
            port = ports.get(name)
            if port is None or not is_free(port):
                port = free_port(frozenset(ports.values()))
                self._write("ports.json", ports | {name: port})
            return int(port)

    def address_port(self) -> int:
        """The port of the one address: what LEDIGPLADS_PORT says, or the one that it had, or a free one.

        Raises:
            CannotStartError: a port that people know is taken by somebody else; another one would not be found.
        """
        configured = os.environ.get("LEDIGPLADS_PORT")
        ports = self._read("ports.json")
        if configured:
            if not configured.isdecimal():
                message = f"LEDIGPLADS_PORT is {configured!r}: give a number such as 8080"
                raise CannotStartError(message)
            port = int(configured)
        elif "address" in ports:
            port = int(ports["address"])
        else:
            return self.port("address")
        if not is_free(port):
            message = f"Port {port} is taken by another process: end that process, or choose another port with LEDIGPLADS_PORT=8080 make up"
            raise CannotStartError(message)
        self._write("ports.json", ports | {"address": port})
        return port

    def secret(self, name: str) -> str:
        """A password that is made once."""
        with _CHANGING:
            known = self._read("secrets.json")
            if name not in known:
                known[name] = secrets.token_hex(16)
                self._write("secrets.json", known)
            return str(known[name])

    def master_keys(self) -> Path:
        """The file of the master keys, which is made once: what LEDIGPLADS_INTAKE_MASTER_KEYS_FILE names, or one of this stack's own."""
        configured = os.environ.get("LEDIGPLADS_INTAKE_MASTER_KEYS_FILE")
        path = Path(configured).resolve() if configured else self.folder / "master-keys.json"
        if not path.exists():
            write_master_keys(path, MasterKeys.new(datetime.now(UTC).date()))
        return path

    def known_secret(self, name: str) -> str | None:
        """A password that was made before, None when there is none."""
        known = self._read("secrets.json").get(name)
        return None if known is None else str(known)

    def keep_secret(self, name: str, value: str) -> None:
        """Keep a password, instead of the one before."""
        with _CHANGING:
            self._write("secrets.json", self._read("secrets.json") | {name: value})

    def forget_secret(self, name: str) -> None:
        """It opens nothing any more."""
        with _CHANGING:
            self._write("secrets.json", {key: value for key, value in self._read("secrets.json").items() if key != name})

    def clean(self) -> None:
        """Forget everything but the tools that the Makefile fetched."""
        for entry in self.folder.iterdir() if self.folder.is_dir() else ():
            if entry.name == _TOOLS:
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        if not path.exists():
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
        return dict(content)

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        """Replace the file whole: a launcher may be killed in the middle of it."""
        path = self.folder / name
        scratch = path.with_suffix(".new")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        scratch.replace(path)
