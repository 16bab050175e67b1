"""What of a key's waiting rows stands on the log: the longest beginning of them that is the end of what stands there."""

from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.standing import overlap

few = st.lists(st.integers(0, 3), max_size=8)


def test_what_was_sent_is_the_end_of_the_log_and_the_beginning_of_what_waits() -> None:
    assert overlap([3, 4, 5], [4, 5, 6, 7]) == 2
    assert overlap([4, 5], [4, 5]) == 2
    assert overlap([], [4, 5]) == 0
    assert overlap([3], [4, 5]) == 0


def test_what_has_something_else_behind_it_is_to_be_sent_again() -> None:
    assert overlap([4, 9], [4, 5]) == 0
    assert overlap([5, 4], [4, 5]) == 1
    assert overlap([4, 6], [4, 5, 6]) == 0


@given(few, few)
def test_it_is_the_longest_of_all_that_fit(before: list[int], after: list[int]) -> None:
    fitting = [
        count for count in range(len(after) + 1) if before[len(before) - count :] == after[:count] and count <= len(before)
    ]
    assert overlap(before, after) == max(fitting)


@given(few, st.integers(0, 8))
def test_a_relay_killed_anywhere_leaves_each_row_once(rows: list[int], sent: int) -> None:
    """Rows of a key are different from each other: their ids hold a version."""
    waiting = list(dict.fromkeys(rows))
    on_log = [9, *waiting[:sent]]
    assert on_log + waiting[overlap(on_log, waiting) :] == [9, *waiting]
