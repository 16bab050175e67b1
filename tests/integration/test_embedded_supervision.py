"""Children that die come back; children of a launcher that dies do not stay."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.embedded.errors import CannotStartError
from deploy.embedded.process import Child
from deploy.embedded.reports import Report, Said
from deploy.embedded.supervisor import Member, Pauses, Supervisor
from deploy.embedded.warden import started_at

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"

LAUNCHER = """
import sys, time, pathlib
from deploy.embedded.process import Child
child = Child([sys.executable, '-c', 'import time; time.sleep(600)'], log=pathlib.Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


async def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_child_that_is_killed_runs_again_and_that_is_said(tmp_path: Path) -> None:
    said: list[Report] = []
    changed: list[int | None] = []
    child = Child(SLEEP, log=tmp_path / "child.log")
    child.start()
    first = child.pid
    supervisor = Supervisor(said.append, lambda: changed.append(child.pid))
    supervisor.add(Member("sleeper", child, child.start))
    running = asyncio.create_task(supervisor.run())
    child.kill()
    await _until(lambda: bool(changed))

    assert child.running
    assert child.pid != first
    assert changed == [child.pid]
    assert said == [Said("sleeper was ended by SIGKILL; it is started again"), Said("sleeper runs again")]

    await supervisor.leave_alone()
    await running
    child.stop()
    assert not child.running


async def test_nothing_comes_up_again_once_the_stack_stops(tmp_path: Path) -> None:
    child = Child(SLEEP, log=tmp_path / "child.log")
    child.start()

    def never_ready() -> None:
        child.start()
        child.wait(60)
        raise CannotStartError("it ended")

    said: list[Report] = []
    supervisor = Supervisor(said.append, lambda: None)
    supervisor.add(Member("slow", child, never_ready))
    running = asyncio.create_task(supervisor.run())
    first = child.pid
    child.kill()
    await _until(lambda: child.pid != first)
    await supervisor.leave_alone()
    await running
    assert not child.running
    assert said[-1] == Said("it ended")


def test_the_pause_doubles_with_each_death_up_to_a_bound_and_is_forgiven_after_a_good_while() -> None:
    pauses = Pauses()
    now = 1000.0
    taken = []
    for _ in range(12):
        taken.append(pauses.after_death(now))
        now += taken[-1]
    assert taken[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(taken) == taken[-1] == 30.0
    assert pauses.after_death(now + 1000) == 0.1


def test_a_child_that_does_not_listen_is_killed_when_its_time_is_up(tmp_path: Path) -> None:
    child = Child([sys.executable, "-c", STUBBORN], log=tmp_path / "child.log")
    child.start()
    deadline = time.monotonic() + 10
    while "up" not in child.output() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.stop(timeout_seconds=0.3)
    assert child.exit_code == -signal.SIGKILL


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_no_child_outlives_a_launcher_that_is_killed(tmp_path: Path, end: signal.Signals) -> None:
    launcher = subprocess.Popen(
        [
            sys.executable,
            "-c",
            LAUNCHER,
            str(tmp_path / "child.log"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with launcher:
        assert launcher.stdout is not None
        child = int(launcher.stdout.readline())
        assert started_at(child) is not None
        launcher.send_signal(end)
    deadline = time.monotonic() + 10
    while started_at(child) is not None:
        assert time.monotonic() < deadline, "the child is still there"
        time.sleep(0.02)
