"""Sheets on the command line: what is wrong with a file is a sentence before anything is sent, and a file that is there is kept."""

from pathlib import Path

import pytest

from deploy.cli import main
from deploy.cli.exits import AWAY, USAGE


@pytest.fixture(autouse=True)
def nothing_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDIGPLADS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LEDIGPLADS_INTAKE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tom.csv").touch()
    (tmp_path / "ark.doc").write_text("x")
    (tmp_path / "mappe.csv").mkdir()
    (tmp_path / "vacancies-skabelon.xlsx").write_text("half filled in")


@pytest.mark.parametrize(
    ("file", "danish", "english"),
    [
        ("nofile", "nofile findes ikke.", "There is no file nofile."),
        ("nofile.csv", "nofile.csv findes ikke.", "There is no file nofile.csv."),
        ("mappe.csv", "mappe.csv er ikke en fil.", "mappe.csv is no file."),
        ("tom.csv", "tom.csv er tom.", "tom.csv is empty."),
        ("ark.doc", "ark.doc er ikke et ark: navnet skal ende på .csv", "ark.doc is no sheet: its name must end in .csv"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_one_true_sentence(
    file: str, danish: str, english: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["import", file]) == USAGE

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(danish)
    assert english in err
    assert err.count("\n") == 1


def test_a_template_is_not_written_over_a_sheet_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "vacancies-skabelon.xlsx"

    assert main.run(["template"]) == USAGE
    assert "--overwrite" in capsys.readouterr().err
    assert main.run(["template", "--overwrite"]) == AWAY, "it goes on, and nothing is up"
    assert main.run(["template", "--to", "ny.xlsx"]) == AWAY
    assert main.run(["template", "--to", "ingen/ny.xlsx"]) == USAGE
    assert there.read_text() == "half filled in"
