"""A small process that outlives the one that started it just long enough to end what that one left running.

Children sit in process groups of their own, so that Ctrl-C reaches only the launcher; the price is that nobody would
tell them when the launcher is killed outright. The warden reads what to look after from a pipe, and the end of
that pipe is the launcher's death. It works alike on Linux and macOS, and from any thread (PR_SET_PDEATHSIG does neither).
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import psutil

_GRACE_SECONDS = 10.0
_SAME_START_SECONDS = 5.0


def started_at(pid: int) -> float | None:
    """When the process with this id was started (seconds since 1970), None when there is none."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def is_same(pid: int, start: float) -> bool:
    """Whether that very process still runs, and not another one that was given its id."""
    now = started_at(pid)
    return now is not None and abs(now - start) < _SAME_START_SECONDS


def end_all(children: dict[int, tuple[float, int]], grace_seconds: float = _GRACE_SECONDS) -> None:
    """Ask each (pid → its start, its stop signal) to stop, then kill what has not."""
    left = {pid: start for pid, (start, _) in children.items() if is_same(pid, start)}
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, children[pid][1])
    deadline = time.monotonic() + grace_seconds
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {pid: start for pid, start in left.items() if is_same(pid, start)}
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


class Warden:
    """The launcher's end of the pipe; the process is started with the first child that it is told of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, pid: int, stop_signal: int) -> None:
        """End this child if the present process dies without having done so."""
        start = started_at(pid)
        if start is not None:
            self._say(f"+ {pid} {start} {int(stop_signal)}\n")

    def forget(self, pid: int) -> None:
        """Leave this child alone: it has ended."""
        self._say(f"- {pid}\n")

    def close(self) -> None:
        """End the warden, and with it whatever it still watches."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()

    def _say(self, line: str) -> None:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
            if self._process.stdin is not None:
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


WARDEN = Warden()
atexit.register(WARDEN.close)


def main() -> None:
    """Read what to look after until the pipe ends, then end it."""
    children: dict[int, tuple[float, int]] = {}
    for line in sys.stdin:
        match line.split():
            case ["+", pid, start, stop_signal]:
                children[int(pid)] = (float(start), int(stop_signal))
            case ["-", pid]:
                children.pop(int(pid), None)
            case _:
                continue
    end_all(children)


if __name__ == "__main__":
    main()
