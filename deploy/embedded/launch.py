"""Run a stack until it is told to stop; `python -m deploy.embedded.launch` does so on its own, for `up --detach`."""

import argparse
import asyncio
import os
import signal
import sys

from deploy.embedded.errors import CannotStartError
from deploy.embedded.home import Home, home_folder
from deploy.embedded.reports import Failed, Report, Reporter, Said, to_line
from deploy.embedded.stack import Options, Stack
from deploy.embedded.warden import WARDEN

FAILED = 1


def run(home: Home, options: Options, report: Reporter) -> int:
    """Bring the stack up, keep it up until SIGINT or SIGTERM, stop it; the exit code."""
    try:
        with home.owned():
            return asyncio.run(_run(home, options, report))
    except CannotStartError as error:
        report(Failed(str(error)))
        return FAILED


async def _run(home: Home, options: Options, report: Reporter) -> int:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if told_to_stop.is_set():
            _end_at_once()
        told_to_stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    stack = Stack(home, options, report)
    waiting = asyncio.create_task(told_to_stop.wait())
    starting = asyncio.create_task(stack.start())
    await asyncio.wait({waiting, starting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        # Threads that wait for a server cannot be cancelled, and nothing has been promised to anybody yet.
        report(Said("stopping before everything was up"))
        home.forget_state()
        _end_at_once()
    watching: asyncio.Task[None] | None = None
    try:
        report(starting.result())
        watching = asyncio.create_task(stack.watch())
        await asyncio.wait({waiting, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        report(Said("stopping"))
    finally:
        for task in (watching, waiting):
            if task is not None:
                task.cancel()
        await stack.stop()
    report(Said("stopped; everything is kept for the next: make up"))
    return 0


def _end_at_once() -> None:
    """The warden ends the children; it is waited for."""
    WARDEN.close()
    os._exit(128 + signal.SIGINT)


def main() -> None:
    """Report as JSON lines on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", type=int)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--no-sample", action="store_true")
    given = parser.parse_args()
    options = Options(given.brokers, given.workers, sample=not given.no_sample)

    def report(one: Report) -> None:
        sys.stdout.write(to_line(one) + "\n")
        sys.stdout.flush()

    sys.exit(run(Home(home_folder()), options, report))


if __name__ == "__main__":
    main()
