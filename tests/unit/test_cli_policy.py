"""`ledigplads policy` on files: faults by line, changes in words, and a recorded log out of a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from deploy.cli import main
from deploy.cli.exits import AWAY, OK, REFUSED, USAGE
from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Today
from shared.messaging.envelope import state_envelope
from tests.support.matching import POLICIES, TODAY, Chance, dated_policy, full_policy, need, vacancy

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

FIRST = POLICIES / "2026-11-01.yaml"
STATED = [file for file in sorted(POLICIES.glob("*.yaml")) if file != FIRST]
NEWEST = STATED[-1]


@pytest.fixture(autouse=True)
def nothing_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDIGPLADS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LEDIGPLADS_INTAKE_URL", raising=False)


def changed_file(folder: Path, **replaced: str) -> Path:
    """The newest policy, in a folder of its own, with some lines written otherwise."""
    text = NEWEST.read_text(encoding="utf-8")
    for before, after in replaced.items():
        assert text.count(f"\n{before}:") == 1
        start = text.index(f"\n{before}:") + 1
        text = text[:start] + after + text[text.index("\n", start) :]
    (folder / "policies").mkdir()
    file = folder / "policies" / "new.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def line_of(file: Path, text: str) -> int:
    return next(number for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1) if text in line)


# --- check ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", STATED, ids=[file.stem for file in STATED])
def test_a_policy_from_the_day_on_that_statements_were_asked_for_is_in_order(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["policy", "check", str(file)]) == OK, capsys.readouterr().err
    out, err = capsys.readouterr()
    assert all(text in out for text in ("hash", "Serviceloven § 103", "25 + 10 + 25 + 10 + 12 + 8 + 5 + 5 = 100"))
    assert "er i orden" in err


def test_check_json_names_the_policy_and_everything_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["policy", "check", str(NEWEST), "--json"]) == OK
    told = orjson.loads(capsys.readouterr().out)
    assert (told["ok"], told["findings"], told["weights"], told["left_out"]) == (True, [], 100, [])
    assert (told["version"], told["hash"]) == (full_policy().version, full_policy().hash())
    assert told["numbers"]["threshold"] == 30
    assert all(rule["direction_da"] and rule["source"] for rule in told["rules"])


def test_what_is_wrong_is_told_by_line_and_field_danish_first_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed_file(
        tmp_path,
        threshold="thresholds: 30",
        travel_no_points_km="travel_no_points_km: much",
        best_k="best_k: 5\nbest_k: 11",
    )
    assert main.run(["policy", "check", str(file)]) == REFUSED
    out, err = capsys.readouterr()
    assert out == ""
    told = err.splitlines()
    assert len(told) == 5
    assert told[0].startswith(f"{file}: threshold skal udfyldes. / threshold is required.")
    second_k = line_of(file, "best_k: 11")
    assert f"{file}:{second_k}: best_k må være højst 10. / best_k must be at most 10." in told
    assert f"{file}:{second_k}: best_k står to gange; behold én. / best_k stands twice; keep one." in told
    assert any(
        line.startswith(f"{file}:{line_of(file, 'thresholds: 30')}: thresholds kendes ikke; mente du threshold?") for line in told
    )
    assert any(
        line.startswith(f"{file}:{line_of(file, 'travel_no_points_km: much')}: travel_no_points_km skal være et helt tal")
        for line in told
    )


def test_faults_inside_a_list_are_told_by_their_own_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed_file(tmp_path)
    lines = file.read_text(encoding="utf-8").splitlines()
    place = line_of(file, "max_points: 12")
    lines[place - 1] = "    max_points: 4"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert main.run(["policy", "check", str(file), "--json"]) == REFUSED
    told = orjson.loads(capsys.readouterr().out)
    assert told["weights"] == 92
    assert {(finding["field"], finding["line"]) for finding in told["findings"]} == {
        ("parts", line_of(file, "parts:")),
        ("parts[4].points_when_unknown", place + 1),
    }


def test_a_policy_is_held_against_those_that_lie_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed_file(tmp_path, version="version: 2026-10-24.1")
    (file.parent / "older.yaml").write_text(FIRST.read_text(encoding="utf-8"), encoding="utf-8")
    assert main.run(["policy", "check", str(file)]) == REFUSED
    assert f"{file}:{line_of(file, 'version: 2026-10-24.1')}: version følger ikke dagene: 2026-11-01.1" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "version: [", "- a list", b"\xff\xfe"])
@pytest.mark.parametrize("command", ["check", "diff", "replay"])
def test_a_file_that_is_not_there_or_no_policy_ends_with_2(
    command: str, content: str | bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "policy.yaml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    words = ["policy", command, str(file), *([str(NEWEST)] if command == "diff" else [])]
    assert main.run(words) == USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert str(file) in err


def test_diff_and_replay_take_no_file_that_the_contract_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed_file(tmp_path, threshold="threshold: 101")
    for words in (["diff", str(FIRST), str(file)], ["replay", str(file)]):
        assert main.run(["policy", *words]) == USAGE
        assert "policy check" in capsys.readouterr().err


# --- diff -------------------------------------------------------------------------------------------------------------


def test_diff_says_in_words_what_decides_first_and_in_json_what_before_and_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed_file(tmp_path, threshold="threshold: 40", version="version: 2027-01-01.1")
    assert main.run(["policy", "diff", str(NEWEST), str(file)]) == OK
    out, err = capsys.readouterr()
    assert "threshold: 30 → 40 point\n  threshold: 30 → 40 points\n" in out
    assert err == ""
    assert main.run(["policy", "diff", str(NEWEST), str(file), "--json"]) == OK
    told = orjson.loads(capsys.readouterr().out)
    assert told["old"]["hash"] == full_policy().hash() != told["new"]["hash"]
    assert told["changes"] == [
        {
            "path": "threshold",
            "kind": "match",
            "before": 30,
            "after": 40,
            "text_da": "threshold: 30 → 40 point",
            "text_en": "threshold: 30 → 40 points",
        }
    ]


def test_diff_says_when_no_worker_would_go_over_to_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["policy", "diff", str(NEWEST), str(FIRST)]) == OK
    assert "2026-11-01.1 is not newer than 2026-11-25.1" in capsys.readouterr().err


# --- replay of a file -------------------------------------------------------------------------------------------------


class Recorded:
    """Writes a log as `kcat -C -J` does."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def state(self, topic: str, entity: str, key: str, body: BaseModel | None, version: int = 1) -> None:
        envelope = state_envelope(
            entity=entity,
            subject=key,
            position=(1, version),
            time=datetime(2026, 11, 24, 12, tzinfo=UTC),
            source="intake",
            correlationid="test",
        )
        headers = [text for name, value in envelope.to_headers() for text in (name, value.decode())]
        payload = None if body is None else body.model_dump_json()
        self.record(topic=topic, headers=headers, key=key, payload=payload)

    def record(self, **line: Any) -> None:
        offsets = {"partition": 0, "offset": len(self.lines), "tstype": "create", "ts": 1_795_521_600_000, "broker": 1}
        self.lines.append(orjson.dumps(offsets | line))

    def settings(self, version: str = "2026-11-25") -> None:
        self.state("p-settings", POLICY_KEY, POLICY_KEY, dated_policy(version))
        self.state("p-settings", TODAY_KEY, TODAY_KEY, Today(day=TODAY))

    def write(self, folder: Path) -> Path:
        file = folder / "log.jsonl"
        file.write_bytes(b"\n".join(self.lines) + b"\n")
        return file


def replayed(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert main.run(["policy", "replay", *map(str, words), "--json"]) == OK, capsys.readouterr().err
    told: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    return told


def test_replay_tries_the_state_that_the_recorded_log_comes_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Recorded()
    log.settings()
    for number in range(7):
        log.state("p-need-profiles", "need-profile", f"need-{number}", need(f"need-{number}"))
    log.state("p-need-profiles", "need-profile", "need-6", None, version=2)
    log.state("p-vacancies", "vacancy", "open-1", vacancy("open-1", registered=False), version=2)
    log.state("p-vacancies", "vacancy", "open-1", vacancy("open-1", places_free=0), version=1)  # late, and older
    log.state("p-vacancies", "vacancy", "closed-1", vacancy("closed-1", status="closed"))
    log.state("p-offers", "offer", "offer-1", None)
    log.record(topic="p-vacancies", headers=None, key="garbage", payload="garbage")
    told = replayed(capsys, FIRST, "--old", NEWEST, "--log", log.write(tmp_path))
    assert (told["needs"], told["vacancies"], told["unreadable"], told["day"]) == (6, 1, 1, TODAY.isoformat())
    assert (told["old"]["hash"], told["new"]["version"]) == (full_policy().hash(), "2026-11-01.1")
    # An offer that is not registered is refused under the newest policy, and the first did not ask.
    assert (told["total"]["gained"], told["total"]["lost"], told["total"]["newly_served"]) == (6, 0, 6)
    assert told["gained_by"] == {"registered": 6}
    assert {code: tally["gained"] for code, tally in told["by_section"]["groups"].items()} == {"SEL-104": 6}
    assert told["by_municipality"]["others"]["groups"] == 0


def test_replay_without_old_compares_with_the_policy_of_the_log_and_names_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, chance = Recorded(), Chance(8)
    log.settings("2026-11-01")
    for number in range(60):
        log.state("need-profiles", "need-profile", f"need-{number}", chance.need(f"need-{number}"))
        log.state("vacancies", "vacancy", f"place-{number}", chance.vacancy(f"place-{number}"))
    file = log.write(tmp_path)
    assert main.run(["policy", "replay", str(NEWEST), "--log", str(file)]) == OK
    out, _ = capsys.readouterr()
    assert "2026-11-01.1" in out
    assert "need-" not in out
    assert "place-" not in out
    told = replayed(capsys, NEWEST, "--log", file)
    assert told["total"]["lost"] > 0
    for groups in (told["by_municipality"], told["by_target_group"]):
        assert sum(one["needs"] for one in groups["groups"].values()) + groups["others"]["needs"] == 60
        assert all(one["needs"] >= 5 for one in groups["groups"].values())
    whole = replayed(capsys, NEWEST, "--log", file, "--smallest", 1)
    assert whole["by_municipality"]["others"]["groups"] == 0
    assert whole["total"] == told["total"]


def test_replay_says_which_rules_are_not_in_force_on_the_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Recorded()
    log.settings()
    file = tmp_path / "new.yaml"
    rule = "  - code: price\n"
    file.write_text(NEWEST.read_text(encoding="utf-8").replace(rule, f"{rule}    in_force_from: 2027-01-01\n"), encoding="utf-8")
    assert main.run(["policy", "replay", str(file), "--log", str(log.write(tmp_path))]) == OK
    assert "price not in force on 2026-11-24; --day chooses another day" in capsys.readouterr().err


def test_a_log_without_policy_or_day_needs_them_from_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Recorded()
    log.state("vacancies", "vacancy", "place-1", vacancy("place-1"))
    file = log.write(tmp_path)
    assert main.run(["policy", "replay", str(NEWEST), "--log", str(file)]) == USAGE
    assert "--old" in capsys.readouterr().err
    told = replayed(capsys, NEWEST, "--old", FIRST, "--day", TODAY.isoformat(), "--log", file)
    assert told["vacancies"] == 1


@pytest.mark.parametrize("line", ['{"topic": "need-profiles", "secret": 1}', "secret", '["secret"]'])
def test_a_line_that_is_no_record_is_named_by_its_number_and_not_repeated(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    assert main.run(["policy", "replay", str(NEWEST), "--log", str(tmp_path / "log.jsonl")]) == USAGE
    err = capsys.readouterr().err
    assert "log.jsonl:2: " in err
    assert "secret" not in err


def test_replay_of_kafka_without_a_stack_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["policy", "replay", str(NEWEST)]) == AWAY
    assert "make up" in capsys.readouterr().err
