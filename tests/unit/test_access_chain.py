"""The chain of the access log: every changed, dropped or exchanged entry is found, and named."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.intake.access.chain import START, Entry, Fault, faults, hash_of, next_entry


def chain(length: int, municipality: str = "0751") -> list[Entry]:
    entries: list[Entry] = []
    head = 0, START
    for number in range(length):
        entries.append(next_entry(municipality, head, f"event-{number}", f'{{"look": {number}}}'.encode()))
        head = entries[-1].number, entries[-1].hash
    return entries


def anchored(entries: list[Entry], *numbers: int) -> dict[int, frozenset[bytes]]:
    return {entry.number: frozenset([entry.hash]) for entry in entries if not numbers or entry.number in numbers}


def test_a_chain_as_it_was_written_has_no_fault() -> None:
    assert list(faults("0751", chain(10), anchored(chain(10)))) == []
    assert list(faults("0751", [], {})) == []


@given(st.integers(1, 10), st.integers(0, 10_000), st.booleans())
def test_one_flipped_bit_is_found_and_named(number: int, bit: int, in_hash: bool) -> None:
    entries = chain(10)
    entry = entries[number - 1]
    before = entry.hash if in_hash else entry.content
    changed = bytearray(before)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    entries[number - 1] = replace(entry, hash=bytes(changed)) if in_hash else replace(entry, content=bytes(changed))
    assert list(faults("0751", entries, anchored(chain(10), 10))) == [Fault("changed", "0751", number, number)]


@given(st.integers(1, 9))
def test_dropped_last_entries_are_missed(kept: int) -> None:
    assert list(faults("0751", chain(10)[:kept], anchored(chain(10)))) == [Fault("missing", "0751", kept + 1, 10)]


@given(st.integers(1, 9))
def test_an_entry_dropped_from_the_middle_is_missed(number: int) -> None:
    entries = [entry for entry in chain(10) if entry.number != number]
    assert list(faults("0751", entries, anchored(chain(10)))) == [Fault("missing", "0751", number, number)]


def test_a_chain_that_was_worked_out_anew_is_not_the_one_that_was_anchored() -> None:
    entries = chain(3)
    head = entries[0].number, entries[0].hash
    forged = [entries[0], next_entry("0751", head, "event-1", b'{"look": "another"}')]
    forged.append(next_entry("0751", (2, forged[1].hash), "event-2", entries[2].content))
    assert list(faults("0751", forged, anchored(entries, 3))) == [Fault("not_anchored", "0751", 3, 3)]


def test_a_second_anchor_for_the_same_entry_is_found() -> None:
    anchors = {**anchored(chain(3)), 3: frozenset([chain(3)[2].hash, b"x" * 32])}
    assert list(faults("0751", chain(3), anchors)) == [Fault("not_anchored", "0751", 3, 3)]


def test_an_entry_is_bound_to_its_municipality_and_number() -> None:
    assert len({hash_of(place, number, b"{}", START) for place in ("0751", "0101") for number in (1, 2)}) == 4
