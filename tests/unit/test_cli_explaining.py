"""What `ledigplads explain` writes for a person: sentences in both languages, never a data structure of the program's."""

import pytest

from deploy.cli.explain import show
from services.matching.domain.explaining import explain
from services.matching.domain.terms import Terms
from tests.support.matching import TODAY, full_policy, need, vacancy


def test_what_is_unknown_is_told_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    answer = explain(need(), vacancy(places_free=None), Terms(full_policy(), TODAY))
    assert "capacity" in answer["unknown"]

    show(answer)

    told = capsys.readouterr().out
    assert "  Antallet af ledige pladser er ikke oplyst: spørg stedet. [capacity]\n" in told
    assert "  The number of free places is not stated: ask the place.\n" in told
    assert "{" not in told
    assert "text_da" not in told
