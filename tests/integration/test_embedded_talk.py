"""What the launcher says, also through the log of a detached one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.counts import growth
from deploy.embedded.reports import Failed, Ready, Report, Said, Step, from_line, to_line


@pytest.mark.parametrize(
    "report", [Step("Kafka", "starting"), Said("intake runs again"), Ready("http://127.0.0.1:1", {"alerts": 3}), Failed("æøå")]
)
def test_what_a_detached_launcher_says_is_read_back_whole(report: Report) -> None:
    assert from_line(to_line(report)) == report


@pytest.mark.parametrize(
    "line", ["", "Traceback (most recent call last):", '{"kind": "Step", "pa', '{"kind": "Other"}', "[1]", "17"]
)
def test_what_is_no_report_is_passed_over(line: str) -> None:
    assert from_line(line) is None


def test_the_live_log_names_only_what_changed_and_nothing_that_was_not_known_before() -> None:
    assert growth({"vacancies": 80, "alerts": 5}, {"vacancies": 82, "alerts": 5, "needs": 300}) == "+2 vacancies"
    assert growth({"needs": 3}, {"needs": 2}) == "-1 needs"
    assert growth({"needs": 3}, {"needs": 3}) == ""


def test_a_stack_that_cannot_start_says_why_in_one_sentence_and_leaves_nothing_running(tmp_path: Path) -> None:
    tried = subprocess.run(
        [sys.executable, "-m", "deploy.embedded.launch", "--no-sample", "--brokers", "2"],
        env=os.environ | {"LEDIGPLADS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    assert from_line(tried.stdout.splitlines()[-1]) == Failed(
        "A cluster has 1 or 3 brokers, not 2: say --brokers 1 or --brokers 3"
    )
    assert not (tmp_path / "state.json").exists()
    assert not (tmp_path / "postgres").exists()
