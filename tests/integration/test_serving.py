"""A service as a process: how it starts, what it logs, how it ends."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import REPOSITORY, ServiceProcess
from tests.support.waiting import eventually


def demo(tmp_path: Path, **environment: str) -> ServiceProcess:
    return ServiceProcess(
        "tests.support.demo_service",
        {"LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS": "nowhere:1", **environment},
        log=tmp_path / "demo.log",
        arguments=(),
    )


async def lines_of(service: ServiceProcess, event: str) -> list[dict[str, Any]]:
    return await eventually(lambda: [line for line in service.log_lines() if line["event"] == event])


async def test_every_line_of_the_log_is_json_with_time_level_service_and_correlation_id(tmp_path: Path) -> None:
    async with demo(tmp_path) as service:
        answer = await service.client.post("/people", json={"name": "Hans", "age": 44}, headers={"X-Correlation-Id": "matter-7"})
        assert answer.status_code == 201
        (line,) = await lines_of(service, "registered")
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["service"], line["correlation_id"]) == ("info", "demo", "matter-7")
    assert len(service.log_lines()) == len(service.output().splitlines())


async def test_no_name_and_no_text_of_an_exception_gets_into_the_log(tmp_path: Path) -> None:
    async with demo(tmp_path) as service:
        await service.client.post("/people", json={"name": "Hans Hemmelig", "age": 44})
        await service.client.post("/people", json={"name": {"first": "Hans Hemmelig"}, "age": "Hemmelig"})
        await service.client.get("/broken", params={"who": "Hemmelig"}, headers={"X-Correlation-Id": "matter-8"})
        (registered,) = await lines_of(service, "registered")
        await lines_of(service, "faststream met ValueError")
        (failed,) = await lines_of(service, "uvicorn.error met ValueError")
    assert registered["dropped_keys"] == ["name"]
    assert "Hemmelig" not in service.output()
    # Enough is left to find the fault.
    assert (failed["correlation_id"], failed["exception"]["type"]) == ("matter-8", "ValueError")
    assert failed["exception"]["stack"][-1].startswith("tests/support/demo_service.py:")
    assert failed["exception"]["stack"][-1].endswith(" broken")


async def test_being_asked_to_stop_ends_open_streams_finishes_the_work_in_hand_and_is_no_failure(tmp_path: Path) -> None:
    async with demo(tmp_path) as service:
        async with service.client.stream("GET", "/endless") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "still here"
            assert await service.stop(within_seconds=8) == 0
        await lines_of(service, "work_in_hand_finished")


async def test_a_service_that_is_still_starting_stops_at_once_when_asked(tmp_path: Path) -> None:
    service = demo(tmp_path, DEMO_START="never ends")
    await service.start(ready_within_seconds=None)
    await lines_of(service, "starting")
    assert await service.stop(within_seconds=5) == 0
    await service.client.aclose()


async def test_a_service_that_cannot_start_says_why_in_one_sentence_and_fails(tmp_path: Path) -> None:
    service = demo(tmp_path, DEMO_START="fails")
    with pytest.raises(AssertionError):
        await service.start()
    assert service.exit_code == 1
    assert service.output().splitlines()[-1] == (
        "demo cannot start: RuntimeError: the topic matches has 3 partitions, declared are 48"
    )
    await service.client.aclose()


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    taken_by = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = taken_by.sockets[0].getsockname()[1]
    async with taken_by:
        service = demo(tmp_path, LEDIGPLADS_PORT=str(port))
        await service.start(ready_within_seconds=None)
        assert await eventually(lambda: service.exit_code, until=lambda code: code is not None) == 1
    assert f"127.0.0.1:{port} cannot be listened on" in service.output().splitlines()[-1]
    await service.client.aclose()


def test_settings_that_are_missing_are_named_without_a_traceback() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDIGPLADS_")}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.demo_service"],
        cwd=REPOSITORY,
        env=environment | {"LEDIGPLADS_PORT": "seventy"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS is not set" in ended.stderr
    assert "LEDIGPLADS_PORT cannot be used" in ended.stderr
    assert "seventy" not in ended.stderr
