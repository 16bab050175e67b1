"""`ledigplads up`, `down` and `clean`: the embedded stack, and how it looks in a terminal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import assert_never

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.embedded.errors import CannotStartError
from deploy.embedded.home import Home, home_folder
from deploy.embedded.launch import FAILED, run
from deploy.embedded.reports import Failed, Ready, Report, Reporter, Said, Step, from_line
from deploy.embedded.stack import Options, end_leftovers

_STOPPED_WITHIN_SECONDS = 90.0
_LOOK_EVERY_SECONDS = 0.1
_WHAT = {
    "vacancies": "open vacancies",
    "needs": "open needs",
    "matches": "matches (a need and a place that fit)",
    "alerts": "alerts to caseworkers",
}


def up(*, brokers: int | None = None, workers: int | None = None, sample: bool = True, detach: bool = False) -> int:
    """Start everything; stay until Ctrl-C, or return when all is ready. The exit code."""
    options = Options(brokers, workers, sample=sample)
    home = Home(home_folder())
    with _terminal(detach=detach) as report:
        return _detached(home, options, report) if detach else run(home, options, report)


def down() -> int:
    """Stop what is up, in order; everything is kept. The exit code."""
    console = Console(stderr=True)
    home = Home(home_folder())
    launcher = home.owner()
    if launcher is None:
        left = bool(home.state())
        end_leftovers(home)
        home.forget_state()
        console.print("Ended what a killed launcher had left running." if left else "Nothing is up.")
        return 0
    os.kill(launcher, signal.SIGTERM)
    deadline = time.monotonic() + _STOPPED_WITHIN_SECONDS
    with console.status("stopping"):
        while home.owner() is not None:
            if time.monotonic() > deadline:
                console.print(
                    f"The launcher (process {launcher}) has not stopped: end it with: kill -9 {launcher}, then: make down"
                )
                return FAILED
            time.sleep(_LOOK_EVERY_SECONDS)
    console.print("Stopped; everything is kept for the next: make up")
    return 0


def clean() -> int:
    """Stop what is up and forget all data, ports and logs. The exit code."""
    code = down()
    if code == 0:
        home = Home(home_folder())
        home.clean()
        Console(stderr=True).print(f"Forgot everything under {home.folder}")
    return code


def _detached(home: Home, options: Options, report: Reporter) -> int:
    """Start the launcher as a process of its own and tell what it tells, until it is ready or has failed."""
    try:
        # Looked at here too, so that the talk of the one that is up is not taken for the new one's.
        with home.owned():
            pass
    except CannotStartError as error:
        report(Failed(str(error)))
        return FAILED
    log = home.log("launcher")
    words = [sys.executable, "-m", "deploy.embedded.launch"]
    words += ["--brokers", str(options.brokers)] if options.brokers is not None else []
    words += ["--workers", str(options.workers)] if options.workers is not None else []
    words += [] if options.sample else ["--no-sample"]
    with log.open("ab") as output:
        begin = output.tell()
        launcher = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,
        )
    for one in _told(log, begin, launcher):
        report(one)
        match one:
            case Ready():
                # It goes on without us; `ledigplads down` finds it by the lock that it holds.
                launcher.returncode = 0
                return 0
            case Failed():
                launcher.wait()
                return FAILED
            case Step() | Said():
                continue
            case _:
                assert_never(one)
    report(Failed(f"The launcher ended with code {launcher.wait()}: read {log}"))
    return FAILED


def _told(log: Path, begin: int, launcher: subprocess.Popen[bytes]) -> Iterator[Report]:
    """What the launcher writes, line by line, until it has ended."""
    with log.open(encoding="utf-8") as lines:
        lines.seek(begin)
        rest = ""
        while True:
            ended = launcher.poll() is not None
            rest += lines.read()
            *whole, rest = rest.split("\n")
            yield from (one for one in map(from_line, whole) if one is not None)
            if ended:
                return
            time.sleep(_LOOK_EVERY_SECONDS)


@contextmanager
def _terminal(*, detach: bool) -> Iterator[Reporter]:
    """Show steps as lines that move while they work, then plain lines; all of it is talk, so all of it goes to stderr."""
    console = Console(stderr=True, highlight=False)
    progress = Progress(
        SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description}"), TimeElapsedColumn(), console=console
    )
    tasks = {}

    def report(one: Report) -> None:
        match one:
            case Step(part, text, done):
                if part not in tasks:
                    tasks[part] = progress.add_task(part, total=1)
                progress.update(tasks[part], description=f"{part:<24} {text}", completed=int(done))
                if done and not console.is_terminal:
                    console.print(f"{part}: {text}")
            case Said(text):
                console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {text}")
            case Failed(text):
                progress.stop()
                console.print(f"[red]✗[/] {text}", soft_wrap=True)
            case Ready():
                progress.stop()
                _welcome(console, one, detach=detach)
            case _:
                assert_never(one)

    if console.is_terminal:
        progress.start()
    try:
        yield report
    finally:
        progress.stop()


def _welcome(console: Console, ready: Ready, *, detach: bool) -> None:
    table = Table.grid(padding=(0, 2))
    for name, text in _WHAT.items():
        if name in ready.counts:
            table.add_row(f"{ready.counts[name]:>7,}", text)
    console.print()
    console.print(table)
    console.print()
    places = Table.grid(padding=(0, 2))
    places.add_row("open", f"[bold]{ready.address}[/]")
    places.add_row("log in", f"{ready.address}/login")
    places.add_row("alerts", f"{ready.address}/notifications/")
    places.add_row("mail", f"{ready.address}/mail/")
    console.print(places)
    console.print()
    console.print("It runs until: make down" if detach else "Ctrl-C stops it; nothing is lost. What happens from here on:")
