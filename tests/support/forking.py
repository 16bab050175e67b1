"""A service that is killed and started a hundred times: imported once, so that each start is a fork and takes milliseconds.

python -m tests.support.forking services.intake     reads `start` from stdin, answers with the child's pid, then with its end
python -m tests.support.forking services.matching services.matching.engine.warming:warm_up     the same, and calls that once before
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx2

from deploy.embedded.ports import LOOPBACK, free_port
from tests.support import identity
from tests.support.asking import AsWhoeverMay
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

REPOSITORY = Path(__file__).parents[2]


class ForkedService:
    """`python -m services.X serve`, forked from a process that has imported it and done nothing else.

    Args:
        module: of the service.
        environment: its settings beside host, port and public address, which are added here.
        log: where stdout and stderr of all its lives go.
        prepared_by: "module:function" that is called before the first fork, for what would otherwise be done at each start.
    """

    def __init__(self, module: str, environment: Mapping[str, str], *, log: Path, prepared_by: str | None = None) -> None:
        self.url = f"http://{LOOPBACK}:{(port := free_port())}"
        self.client = httpx2.AsyncClient(base_url=self.url, timeout=15, auth=AsWhoeverMay())
        self._arguments = [module] if prepared_by is None else [module, prepared_by]
        self._log = log
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDIGPLADS_")} | {
            "LEDIGPLADS_HOST": LOOPBACK,
            "LEDIGPLADS_PORT": str(port),
            "LEDIGPLADS_PUBLIC_URL": self.url,
            **identity.environment(),
            **environment,
        }
        self._parent: asyncio.subprocess.Process | None = None
        self._child: int | None = None

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._parent = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.support.forking",
                *self._arguments,
                cwd=REPOSITORY,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._parent is not None
        if self._child is not None:
            await self.kill()
        self._parent.terminate()
        await self._parent.wait()
        await self.client.aclose()

    @property
    def runs(self) -> bool:
        return self._child is not None

    async def start(self, *, answers_within_seconds: float = 30) -> None:
        """Fork it, and wait until it answers."""
        await self.begin()
        await eventually(self._answers, within_seconds=answers_within_seconds)

    async def begin(self) -> None:
        """Fork it, and wait for nothing."""
        self._child = await self._said(b"start\n")

    async def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to stop as a launcher does, and wait until it has."""
        await self._end(signal.SIGTERM)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    async def is_ready(self) -> bool:
        return (await self.client.get("/readyz")).status_code == httpx2.codes.OK

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def _end(self, number: signal.Signals) -> None:
        self._signal(number)
        self._child = None
        await self._said()

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None, "not started"
        os.kill(self._child, number)

    async def _answers(self) -> bool:
        with contextlib.suppress(httpx2.TransportError):
            await self.client.get("/healthz")
            return True
        return False

    async def _said(self, word: bytes = b"") -> int:
        assert self._parent is not None
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(word)
        return int(await self._parent.stdout.readline())


def main(module: str, prepared_by: str | None = None) -> None:
    """Fork a child for each line of stdin; say its pid, and its exit status when it has ended."""
    serve = importlib.import_module(f"{module}.__main__").main
    if prepared_by is not None:
        where, _, function = prepared_by.partition(":")
        getattr(importlib.import_module(where), function)()
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            serve(["serve"])
            os._exit(0)
        print(child, flush=True)  # noqa: T201 - the answer
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
