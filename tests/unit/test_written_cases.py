"""The cases of `tests/cases/sager.yaml`, each through the rules and the columns; and what the file says when it is wrong itself."""

from pathlib import Path

import pytest

from tests.support.matching import full_policy
from tests.support.written_cases import FILE, Case, read_cases
from tests.support.written_cases_reading import CaseError
from tests.support.written_cases_trial import faults

POLICY = full_policy()
CASES = read_cases(FILE, POLICY)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_as_a_caseworker_would_expect(case: Case) -> None:
    found = faults(case, FILE, POLICY)
    assert not found, "\n\n".join(["", *found])


def test_there_are_twenty_cases_at_least_and_none_has_the_name_of_another() -> None:
    assert len(CASES) >= 20
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_says_why_a_place_is_not_proposed_and_why_one_on_each_list_is(case: Case) -> None:
    for wish in (wish for moment in case.moments for wish in moment.wishes):
        assert all(place.because for place in wish.others), f"line {wish.line}"
        assert not wish.proposed or any(place.because for place in wish.proposed), f"line {wish.line}"


# --- a file that is wrong ---------------------------------------------------------------------------------------------

WHOLE = """dag: 2026-11-27
sager:
  - navn: Prøven
    borger:
      paragraf: § 104
      målgruppe: Angst
      født: 1990
      kommune: Odense
      bor: Odense
      ydelser: Social aktivitet
      niveauer: {Samtale: 2}
    pladser:
      Nær: passer i alt
      Fjern: {by: Nyborg}
    forventet:
      - {plads: Nær, point: 100}
      - {plads: Fjern}
    ikke: ingen
"""


def written(folder: Path, *replacements: tuple[str, str]) -> Path:
    text = WHOLE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = folder / "sager.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    return [fault for case in read_cases(path, POLICY) for fault in faults(case, path, POLICY)]


def test_the_case_that_the_others_are_made_of_is_right(tmp_path: Path) -> None:
    assert faults_of(written(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "danish", "english"),
    [
        (
            "- {plads: Nær, point: 100}\n      - {plads: Fjern}",
            "- {plads: Fjern}\n      - {plads: Nær}",
            "linje 16, sagen »Prøven«: ventede Fjern, Nær, men reglerne foreslår Nær, Fjern.",
            "line 16, case »Prøven«: expected Fjern, Nær, but the rules propose Nær, Fjern.",
        ),
        ("point: 100", "point: 99", "linje 16, sagen »Prøven«: Nær: ventede 99 point, men det er 100.", "expected 99 points"),
        (
            "- {plads: Fjern}\n    ikke: ingen",
            "\n    ikke: [{plads: Fjern, regel: afstand}]",
            "linje 18, sagen »Prøven«: Fjern: ventede reglerne afstand, men det er ingen.",
            "line 18, case »Prøven«: Fjern: expected the rules distance, but it is none.",
        ),
        ("{plads: Fjern}", "{plads: Fjern, fordi: over broen}", "linje 17, sagen »Prøven«: Fjern: forklaringen siger ikke »over broen«", "line 17"),
        ("{plads: Fjern}", "{plads: Fjern, ukendt: pris}", "ventede ukendt pris, men det er ingen", "expected unknown price"),
    ],
)  # fmt: skip
def test_what_is_not_as_expected_is_told_with_case_and_line(
    tmp_path: Path, old: str, new: str, danish: str, english: str
) -> None:
    told = "\n".join(faults_of(written(tmp_path, (old, new))))
    assert danish in told
    assert english in told


@pytest.mark.parametrize(
    ("old", "new", "danish"),
    [
        ("Angst", "Angstt", "linje 6, sagen »Prøven«: »Angstt« kendes ikke som målgruppe. Mener du: Angst?"),
        ("kommune: Odense", "komune: Odense", "linje 8, sagen »Prøven«: »komune« kendes ikke som felt. Mener du: kommune"),
        ("bor: Odense", "bor: Odensse", "linje 9, sagen »Prøven«: »Odensse« kendes ikke som by. Mener du: Odense"),
        ("by: Nyborg", "by: Nyborg, alder: unge", "linje 14, sagen »Prøven«: skriv alder som 18-65."),
        ("født: 1990", "født: halvfems", "linje 7, sagen »Prøven«: her skal stå et helt tal, ikke »halvfems«."),
        ("født: 1990", "født: 190", "linje 3, sagen »Prøven«: kontrakten siger nej til birth_year"),
        ("Samtale: 2", "Samtale: 2, Danse: 1", "linje 11, sagen »Prøven«: »Danse« kendes ikke som undertema"),
        ("      - {plads: Fjern}\n", "", "linje 3, sagen »Prøven«: der står ikke, hvad der skal ske med Fjern"),
        ("{plads: Fjern}", "{plads: Fjernt}", "linje 17, sagen »Prøven«: pladsen »Fjernt« er ikke blandt sagens pladser (Nær, Fjern)"),
        ("{plads: Fjern}", "{plads: Nær}", "»Nær« står to gange"),
        ("    ikke: ingen", "    ikke: [{plads: Fjern}]", "linje 18, sagen »Prøven«: feltet »regel« mangler"),
        ("navn: Prøven", "name: Prøven", "linje 3, sagen »nr. 1«: feltet »navn« mangler"),
        ("      Nær: passer i alt\n", "      Nær: passer i alt\n      Nær: passer i alt\n", "linje 14: »Nær« står to gange"),
        ("      Nær: passer i alt\n", "      Nær: passer i alt\n      nær: passer i alt\n", "kælenavnene ligner hinanden for meget"),
        ("point: 100}", "point: 100", "filen kan ikke læses her; se på indrykning, kolon og anførselstegn"),
        ("dag: 2026-11-27\n", "", "dag og sager skal stå øverst"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_case_and_line(tmp_path: Path, old: str, new: str, danish: str) -> None:
    with pytest.raises(CaseError) as refused:
        read_cases(written(tmp_path, (old, new)), POLICY)
    assert danish in str(refused.value)


def test_what_intake_answers_is_held_against_what_the_case_says(tmp_path: Path) -> None:
    path = written(tmp_path, ("    ikke: ingen", "    ikke: ingen\n    intake svarer: ring til et krisecenter"))
    [told] = faults_of(path)
    assert "intake svarer ikke »ring til et krisecenter«, men: ja" in told
