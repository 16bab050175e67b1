"""What the commands for erasure, keys and the access log say, and how they end, against an intake that answers as a test tells it to."""

import json
import stat
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.cli.access import verify
from deploy.cli.erase import erase
from deploy.cli.exits import OK, REFUSED, CommandError
from deploy.cli.keys import drop, rotate
from services.intake.citizens.master_keys import MasterKeys, read_master_keys, write_master_keys
from tests.support.running import running


class FakeIntake:
    """Knows one need, whose erasure comes one step further each time that it is looked at, and counts keys."""

    def __init__(self) -> None:
        self.steps = ["begun", "key_destroyed", "deleted", "published", "rewritten", "done", "purged", "ended"]
        self.faults: list[dict[str, Any]] = []
        self.wrapped_by: dict[str, int] = {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/operator/erasures", self.begin, methods=["POST"]),
                Route("/operator/erasures/{erasure_id}", self.look),
                Route("/operator/access/verify", self.verify),
                Route("/operator/keys", self.keys),
                Route("/operator/keys/rewrap", self.keys, methods=["POST"]),
            ]
        )

    async def begin(self, request: Request) -> JSONResponse:
        is_need = "need_id" in await request.json()
        return JSONResponse({"erasure_id": "e-1"}, 202) if is_need else JSONResponse({"status": 404, "title": "no"}, 404)

    async def look(self, _request: Request) -> JSONResponse:
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return JSONResponse({"erasure_id": "e-1", "step": step})

    async def verify(self, _request: Request) -> JSONResponse:
        return JSONResponse({"entries": {"0751": 5}, "anchors": {"0751": 5}, "faults": self.faults})

    async def keys(self, _request: Request) -> JSONResponse:
        return JSONResponse({"current": "k", "wrapped_by": self.wrapped_by})


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeIntake]:
    made = FakeIntake()
    async with running(made.app()) as service:
        monkeypatch.setenv("LEDIGPLADS_INTAKE_URL", service.url)
        monkeypatch.setenv("LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS", "nowhere:1")
        monkeypatch.setenv("LEDIGPLADS_TOKEN", "a-token")
        monkeypatch.setattr("deploy.cli.erase._LOOK_AGAIN_SECONDS", 0.01)
        yield made


@pytest.mark.usefixtures("fake")
async def test_an_erasure_is_told_step_by_step_until_there_is_nothing_to_do_but_wait(capsys: pytest.CaptureFixture[str]) -> None:
    assert await erase("need-1") == OK
    told = capsys.readouterr()
    assert json.loads(told.out)["step"] == "rewritten"
    assert [line in told.err for line in ("the key is destroyed", "the rows are deleted", "nothing is left")] == [
        True,
        True,
        False,
    ]


@pytest.mark.usefixtures("fake")
async def test_who_waits_is_told_until_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert await erase("need-1", wait=True) == OK
    told = capsys.readouterr()
    assert json.loads(told.out)["step"] == "ended"
    assert "nothing is left" in told.err


async def test_a_fault_of_the_access_log_is_named_and_ends_with_one(fake: FakeIntake, capsys: pytest.CaptureFixture[str]) -> None:
    assert await verify() == OK
    fake.faults = [
        {"kind": "changed", "municipality": "0751", "number": 3, "last": 3},
        {"kind": "missing", "municipality": "0751", "number": 5, "last": 7},
    ]
    assert await verify() == REFUSED
    said = capsys.readouterr().err
    assert "0751: nr. 3 er ændret / was changed" in said
    assert "0751: nr. 5-7 mangler / is missing" in said


async def test_rotation_adds_a_key_and_one_that_still_wraps_is_not_dropped(fake: FakeIntake, tmp_path: Path) -> None:
    path, before = tmp_path / "master-keys.json", MasterKeys.new(date(2026, 11, 25))
    write_master_keys(path, before)
    assert await rotate(file=path) == OK
    after = read_master_keys(path)
    assert after.current != before.current
    assert before.current in after.keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    fake.wrapped_by = {before.current: 2}
    assert await drop(before.current, file=path) == REFUSED
    fake.wrapped_by = {}
    assert await drop(before.current, file=path) == OK
    assert read_master_keys(path).keys.keys() == {after.current}
    with pytest.raises(CommandError):
        await drop(after.current, file=path)
