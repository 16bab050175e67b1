"""A citizen's own key: what is sealed with it opens for this citizen and this field, and under no other key."""

import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.citizens.master_keys import MasterKeys, MasterKeysError, read_master_keys, write_master_keys
from services.intake.citizens.sealing import CannotOpen, DataKey

TODAY = date(2026, 11, 25)


@given(st.text(), st.sampled_from(["cpr", "name", "address", "note"]))
def test_what_was_sealed_opens_again_and_is_not_in_the_bytes(text: str, name: str) -> None:
    key = DataKey.new("citizen-1")
    sealed = key.seal(name, text)
    assert key.open(name, sealed) == text
    assert len(text) < 4 or text.encode() not in sealed


def test_the_same_text_is_never_sealed_the_same() -> None:
    key = DataKey.new("citizen-1")
    assert len({key.seal("name", "Anne") for _ in range(100)}) == 100


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_does_not_open(at: int, bit: int) -> None:
    key = DataKey.new("citizen-1")
    sealed = bytearray(key.seal("name", "Anne Jensen"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(CannotOpen):
        key.open("name", bytes(sealed))


def test_what_is_moved_to_another_field_or_citizen_does_not_open() -> None:
    key = DataKey.new("citizen-1")
    sealed = key.seal("name", "Anne Jensen")
    with pytest.raises(CannotOpen):
        key.open("note", sealed)
    with pytest.raises(CannotOpen):
        DataKey("citizen-2", key.key_id, key.secret).open("name", sealed)
    with pytest.raises(CannotOpen):
        DataKey.new("citizen-1").open("name", sealed)


def test_no_key_is_shown_when_it_is_printed() -> None:
    key, masters = DataKey.new("citizen-1"), MasterKeys.new(TODAY)
    shown = f"{key!r} {masters!r} {key} {masters}"
    for secret in (key.secret, masters.index_key, *masters.keys.values()):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


def test_a_wrapped_key_opens_under_its_master_key_only_and_for_its_citizen_only() -> None:
    masters, others = MasterKeys.new(TODAY), MasterKeys.new(TODAY)
    key = DataKey.new("citizen-1")
    wrapped = masters.wrap(key)
    assert masters.unwrap(wrapped) == key
    with pytest.raises(MasterKeysError):
        others.unwrap(wrapped)
    moved = type(wrapped)("citizen-2", wrapped.key_id, wrapped.master_key_id, wrapped.wrapped)
    with pytest.raises(CannotOpen):
        masters.unwrap(moved)


def test_after_a_rotation_old_keys_open_and_new_ones_are_wrapped_anew_until_the_old_master_is_dropped() -> None:
    before = MasterKeys.new(TODAY)
    wrapped = before.wrap(DataKey.new("citizen-1"))
    after = before.rotated(TODAY)
    assert after.current != before.current
    assert after.cpr_index("0751", "0101909999") == before.cpr_index("0751", "0101909999")
    again = after.wrap(after.unwrap(wrapped))
    alone = after.without(before.current)
    assert alone.unwrap(again) == before.unwrap(wrapped)
    with pytest.raises(MasterKeysError):
        alone.unwrap(wrapped)
    with pytest.raises(MasterKeysError):
        alone.without(alone.current)


def test_the_index_of_a_cpr_number_is_another_in_another_municipality_and_under_another_key() -> None:
    masters = MasterKeys.new(TODAY)
    assert masters.cpr_index("0751", "0101909999") != masters.cpr_index("0101", "0101909999")
    assert masters.cpr_index("0751", "0101909999") != MasterKeys.new(TODAY).cpr_index("0751", "0101909999")


def test_the_file_is_its_owners_alone_and_is_refused_when_others_may_read_it(tmp_path: Path) -> None:
    path, masters = tmp_path / "master-keys.json", MasterKeys.new(TODAY)
    write_master_keys(path, masters)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_master_keys(path) == masters
    path.chmod(0o640)
    with pytest.raises(MasterKeysError, match="chmod 600"):
        read_master_keys(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"current": "a", "keys": {"a": "AAAA"}, "index_key": "AAAA"}'])
def test_a_file_that_holds_no_keys_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(MasterKeysError, match="not as they should be"):
        MasterKeys.from_json(text)
