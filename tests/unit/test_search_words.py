"""Words as the search reads them: folded, regular, taken apart, understood, corrected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.search.codes import code_lexeme, every_code
from services.intake.search.compounds import completed, split
from services.intake.search.cursors import Cursor, UnreadableCursor, read_cursor
from services.intake.search.mistyping import KnownWord, mistakes, nearest
from services.intake.search.ranking import buckets, ranking
from services.intake.search.words import fold, known_words, regular, tokens
from shared.contracts import reference


@pytest.mark.parametrize("spelling", ["Århus", "Aarhus", "ÅRHUS", "aarhus", "A\u030arhus"])
def test_a_place_is_the_same_however_it_is_spelt(spelling: str) -> None:
    assert fold(spelling) == "aarhus"


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("aktivitetstilbud", ("aktivitet", "tilbud")),
        ("krisecentret", ("krise", "center")),
        ("dagcentrene", ("dag", "center")),
        ("frivillighedscenter", ("frivillighed", "center")),
        ("kvindekrisecenter", ("kvinde", "krise", "center")),
        ("ungebotilbud", ("unge", "botilbud")),
        ("hus", ()),
        ("keramik", ()),
        ("xyzzyxyzzy", ()),
    ],
)
def test_a_compound_comes_apart(word: str, parts: tuple[str, ...]) -> None:
    assert split(word) in {parts, tuple("ung" if part == "unge" else part for part in parts)}


def test_a_suspended_word_is_completed() -> None:
    assert completed("Aktivitets- og samværstilbud") == ["aktivitetstilbud", "samvaerstilbud"]
    assert completed("Kultur- og fritidscentret") == ["kulturcenter", "fritidscenter"]


@given(st.text(max_size=80))
def test_whatever_is_typed_becomes_words_of_a_to_z(text: str) -> None:
    for token in tokens(text):
        assert token.word.isalnum()
        assert token.word.isascii()
        assert token.word == token.word.lower()
        assert regular(token.word).isascii()
        assert all(part.isascii() for part in split(token.word))


def test_the_words_of_the_file_are_folded() -> None:
    rules = known_words()
    listed = {*rules.stop, *rules.light, *rules.parts, *rules.endings, *rules.endings.values(), *rules.last, *rules.wide}
    assert {word for word in listed if word != fold(word)} == set()


def test_the_nearest_word_was_meant_and_one_that_is_far_was_not() -> None:
    assert mistakes("kirsecenter", "krisecenter") == 1
    assert mistakes("", "abc") == 3
    meant, west, ledelse = (
        KnownWord("vaerested", "vaerested", "værested"),
        KnownWord("west", "west", "west"),
        KnownWord("ledelse", "led", "ledelse"),
    )
    easel = KnownWord("staffeliet", "staffeli", "staffeliet")
    assert nearest("vrested", [west, meant], {"vaerested"}) == meant
    assert nearest("stafeli", [easel], set()) == easel
    assert nearest("elefant", [ledelse], set()) is None


@given(st.text("abcd", max_size=8), st.text("abcd", max_size=8))
def test_mistakes_are_the_same_both_ways_and_none_only_between_equals(one: str, other: str) -> None:
    assert mistakes(one, other) == mistakes(other, one)
    assert (mistakes(one, other) == 0) == (one == other)


def test_no_two_codes_have_the_same_word_in_the_index() -> None:
    listed = [*every_code(), *(("service", code) for code in reference.services())]
    assert len({code_lexeme(*one) for one in listed}) == len(listed)


def test_the_most_points_are_a_hundred() -> None:
    assert sum(ranking().at_most.values()) == 100


@given(st.integers(0, 400))
def test_points_never_rise_with_age_or_distance(value: int) -> None:
    for steps in (ranking().freshness, ranking().distance_km, ranking().free_within_days):
        limits, points = buckets(steps)
        given_points = [points[sum(limit <= each for limit in limits)] for each in (value, value + 1)]
        assert given_points[0] >= given_points[1] >= 0
        # The step that the file names: the first limit that is not below the value.
        assert given_points[0] == next((worth for limit, worth in steps if value <= limit), 0)


def test_a_cursor_comes_back_for_its_own_question_only() -> None:
    cursor = Cursor("abc", 7, 1_800_000_000, 1, 83, "v:1")
    assert read_cursor(cursor.text(), "abc") == cursor
    with pytest.raises(UnreadableCursor):
        read_cursor(cursor.text(), "other")


def test_a_cursor_of_a_moment_that_no_calendar_has_is_refused() -> None:
    for now_s in (-1, 2**39, 2**40):
        with pytest.raises(UnreadableCursor):
            read_cursor(Cursor("abc", 7, now_s, 1, 83, "v:1").text(), "abc")


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(UnreadableCursor):
        read_cursor(text, "abc")
