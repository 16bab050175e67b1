"""A service as the process that it is in earnest, which can be killed and started again."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from deploy.embedded.ports import LOOPBACK, free_port
from tests.support import identity
from tests.support.asking import AsWhoeverMay
from tests.support.waiting import eventually

REPOSITORY = Path(__file__).parents[2]


class ServiceProcess:
    """`python -m services.X serve`, with its log in a file.

        async with ServiceProcess("services.intake", environment, log=tmp_path / "intake.log") as intake:
            await intake.client.post("/vacancies", json=...)
            intake.kill()
            await intake.start()

    Args:
        module: what to run.
        environment: the LEDIGPLADS_… settings beside host, port and public address, which are added here.
        log: where stdout and stderr go, over all starts.
        arguments: after the module.
    """

    def __init__(
        self, module: str, environment: Mapping[str, str], *, log: Path, arguments: tuple[str, ...] = ("serve",)
    ) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.client = httpx2.AsyncClient(base_url=self.url, timeout=15, auth=AsWhoeverMay())
        self._command = [sys.executable, "-m", module, *arguments]
        self._environment = _without_settings(os.environ) | {
            "LEDIGPLADS_HOST": LOOPBACK,
            "LEDIGPLADS_PORT": str(self.port),
            "LEDIGPLADS_PUBLIC_URL": self.url,
            **identity.environment(),
            **environment,
        }
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, *, ready_within_seconds: float | None = 30) -> None:
        """Start it and wait until it says that it is ready; None starts it without waiting.

        Raises:
            AssertionError: it ended, or was not ready in time; the message has the end of its log.
        """
        self._spawn()
        if ready_within_seconds is not None:
            await self.wait_until_ready(ready_within_seconds)

    def _spawn(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=REPOSITORY, env=self._environment, stdout=log, stderr=log)

    async def wait_until_ready(self, within_seconds: float = 30) -> None:
        def ended_or(ready: object) -> bool:
            return bool(ready) or self.exit_code is not None

        try:
            await eventually(self.is_ready, within_seconds=within_seconds, until=ended_or)
        except AssertionError:
            raise AssertionError(f"{self._command} is not ready: {self.output()[-2000:]}") from None
        assert self.exit_code is None, f"{self._command} ended with {self.exit_code}: {self.output()[-2000:]}"

    async def is_ready(self) -> bool:
        try:
            answer = await self.client.get("/readyz")
        except httpx2.TransportError:
            return False
        return answer.status_code == httpx2.codes.OK

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def kill(self) -> None:
        """Kill -9: no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    async def stop(self, within_seconds: float = 15) -> int:
        """Ask it to stop as a launcher does, and give its exit status."""
        self._signal(signal.SIGTERM)
        code = await eventually(lambda: self.exit_code, within_seconds=within_seconds, until=lambda code: code is not None)
        assert code is not None
        return code

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def log_lines(self) -> list[dict[str, Any]]:
        """The lines that are JSON objects; what Python itself prints on stderr is not among them."""
        return [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._end()

    async def _end(self) -> None:
        if self.exit_code is None and self._process is not None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, 10)
            except subprocess.TimeoutExpired:
                self.kill()
        await self.client.aclose()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "not started"
        self._process.send_signal(number)


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What a run of the tests is told must not reach a service by the back door."""
    return {name: value for name, value in environment.items() if not name.startswith("LEDIGPLADS_")}
