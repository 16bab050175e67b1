"""One child process: own process group, its output in a file, ended in order and never left behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.embedded.privileges import NO_CHANGE, Unprivileged
from deploy.embedded.warden import WARDEN

_TAIL_BYTES = 4_000
_LOG_BYTES = 20_000_000


class Child:
    """A process that can be started, stopped, killed and started again."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        unprivileged: Unprivileged = NO_CHANGE,
    ) -> None:
        self._command = [*unprivileged.prefix, *(str(part) for part in command)]
        self._account = unprivileged.account
        self._environment = dict(environment) if environment is not None else None
        self._directory = directory
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self.log = log

    @property
    def pid(self) -> int | None:
        """The process id, None before the first start."""
        return self._process.pid if self._process is not None else None

    @property
    def running(self) -> bool:
        """Whether it runs now (a dead one is reaped)."""
        return self.exit_code is None and self._process is not None

    @property
    def exit_code(self) -> int | None:
        """What it ended with; negative is the signal that ended it."""
        if self._process is None:
            return None
        code = self._process.poll()
        if code is not None:
            WARDEN.forget(self._process.pid)
        return code

    def start(self) -> None:
        """Start it; its output goes to the end of the log."""
        account = self._account
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                env=self._environment,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=() if account else None,
            )
        WARDEN.watch(self._process.pid, self._stop_signal)

    def ask_to_stop(self) -> None:
        """Send the stop signal and do not wait."""
        if self.running and self._process is not None:
            self._process.send_signal(self._stop_signal)

    def stop(self, timeout_seconds: float = 20.0) -> None:
        """Ask it to stop; kill it when it has not after the time given."""
        self.ask_to_stop()
        if not self.wait(timeout_seconds):
            self.kill()

    def kill(self) -> None:
        """Kill -9, and reap."""
        if self.running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            WARDEN.forget(self._process.pid)

    def wait(self, timeout_seconds: float) -> bool:
        """Whether it has ended within the time given."""
        deadline = time.monotonic() + timeout_seconds
        while self.running:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def output(self) -> str:
        """What it has written since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def last_words(self) -> str:
        """The end of what it has written since its last start."""
        return self.output()[-_TAIL_BYTES:]
