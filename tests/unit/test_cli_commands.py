"""The command line from outside: exit codes, data on stdout, talk on stderr."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from deploy.cli import bench, main, stack_state
from deploy.cli.exits import AWAY, INTERRUPTED, OK, REFUSED, USAGE
from deploy.cli.figures import Figure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

COMMANDS = [
    "up",
    "down",
    "clean",
    "status",
    "post",
    "need",
    "import",
    "template",
    "alerts",
    "mail",
    "explain",
    "assign",
    "dlq",
    "partner",
    "republish",
    "restored",
    "policy",
    "simulate",
    "bench",
]


@pytest.fixture(autouse=True)
def nothing_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDIGPLADS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LEDIGPLADS_INTAKE_URL", raising=False)


def _state(folder: Path, **changes: Any) -> None:
    state: dict[str, Any] = {
        "address": "http://127.0.0.1:1",
        "kafka": {"bootstrap_servers": "127.0.0.1:1"},
        "postgres": {"dsn": "postgresql://somewhere/x"},
        "services": {"intake": {"url": "http://127.0.0.1:1", "pid": 7, "port": 1}},
        "topic_prefix": "p-",
        **changes,
    }
    (folder / "home").mkdir()
    (folder / "home" / "state.json").write_bytes(orjson.dumps(state))


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == OK

    out, err = capsys.readouterr()
    assert all(f" {name} " in out for name in COMMANDS)
    assert err == ""


@pytest.mark.parametrize(
    "name",
    [
        *COMMANDS,
        "dlq list",
        "dlq show",
        "dlq replay",
        "partner add",
        "partner remove",
        "partner list",
        "policy check",
        "policy diff",
        "policy replay",
    ],
)
def test_every_command_has_a_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([*name.split(), "--help"]) == OK
    assert f"ledigplads {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["alerts", "--nonsense"],
        ["explain", "--vacancy", "x"],
        ["explain", "x", "--examples", "0"],
        ["post"],
        ["simulate", "--rate", "fast"],
        ["dlq", "replay"],
    ],
)
def test_a_command_that_cannot_be_understood_ends_with_2_and_says_so_on_stderr(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(words) == USAGE

    out, err = capsys.readouterr()
    assert out == ""
    assert err


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "--json"],
        ["alerts"],
        ["mail"],
        ["explain", "--need", "n", "--vacancy", "v"],
        ["explain", "n"],
        ["assign", "Aarhus"],
        ["dlq", "list"],
        ["dlq", "replay", "--all"],
        ["partner", "list"],
        ["republish"],
        ["restored", "--dry-run"],
        ["simulate"],
        ["bench", "latency"],
    ],
)
def test_without_a_stack_every_command_ends_with_3_and_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(words) == AWAY

    out, err = capsys.readouterr()
    assert out == ""
    assert "make up" in err
    assert err.count("\n") == 1


def test_a_stack_that_does_not_answer_is_told_from_one_that_says_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _state(tmp_path)

    assert main.run(["partner", "list"]) == AWAY
    assert "did not answer" in capsys.readouterr().err


def test_a_simulation_of_a_stack_that_does_not_come_back_gives_up_when_its_patience_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _state(tmp_path, services={name: {"url": "http://127.0.0.1:1"} for name in ("intake", "notifications")})

    assert main.run(["simulate", "--patience", "0.5"]) == AWAY
    out, err = capsys.readouterr()
    assert out == ""
    assert "within 0.5 s" in err


def test_status_of_a_stack_that_does_not_answer_is_still_its_documented_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _state(tmp_path)

    assert main.run(["status", "--json"]) == AWAY
    status = orjson.loads(capsys.readouterr().out)
    assert set(status) == {"services", "topics", "counts", "dead_letters", "address"}
    assert set(status["counts"]) == {"vacancies_open", "needs_open", "matches", "alerts"}
    assert status["services"]["intake"]["ready"] is False


def test_the_state_file_says_where_everything_is(tmp_path: Path) -> None:
    _state(tmp_path, services={f"matching-{number}": {"url": f"http://m{number}"} for number in (1, 2)})

    found = stack_state.find_stack()
    assert found.names.topic("vacancies") == "p-vacancies"
    assert [worker.url for worker in found.of_kind("matching")] == ["http://m1", "http://m2"]
    assert found.intake_dsn == "postgresql://somewhere/x"


def test_the_environment_says_where_it_is_when_somebody_else_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "INTAKE_URL": "http://i/",
        "NOTIFICATIONS_URL": "http://n",
        "MATCHING_URLS": "http://m1,http://m2",
        "KAFKA_BOOTSTRAP_SERVERS": "k:9092",
    }.items():
        monkeypatch.setenv(f"LEDIGPLADS_{name}", value)

    found = stack_state.find_stack()
    assert found.url("intake") == "http://i"
    assert found.bootstrap_servers == "k:9092"
    assert set(found.services) == {"intake", "notifications", "matching-1", "matching-2"}


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(stack_state, "home_folder", interrupted)
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main.run(["status"]))
    assert ended.value.code == INTERRUPTED


def test_bench_says_so_where_there_is_no_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "_CHECKOUT", tmp_path)

    assert main.run(["bench"]) == REFUSED
    assert "checkout" in capsys.readouterr().err


@pytest.mark.parametrize(("ratio", "code"), [(2.9, OK), (3.1, REFUSED)])
def test_bench_prints_each_figure_as_a_line_and_ends_with_1_when_a_goal_is_missed(
    ratio: float, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(_stack: object, options: dict[str, int]) -> AsyncIterator[Figure]:
        assert options == {"samples": 5}
        yield Figure("latency.p50", 10 * ratio, "ms", "floor", 10.0, ratio, goal=3.0, at_most=True)

    _state(tmp_path)
    monkeypatch.setattr(bench, "_load", lambda _name: SimpleNamespace(run=run, Options=dict[str, int]))

    assert main.run(["bench", "latency", "--option", "samples=5"]) == code
    figure = orjson.loads(capsys.readouterr().out)
    assert set(figure) == {"benchmark", "figure", "unit", "against", "against_figure", "ratio", "goal", "met"}
    assert figure["met"] is (code == OK)


def test_a_figure_without_a_goal_is_neither_met_nor_missed() -> None:
    assert Figure("x", 1, "ms", "y", 1, 1).met is None
    assert Figure("x", 1, "1/s", "y", 2, 0.5, goal=0.4, at_most=False).met is True
