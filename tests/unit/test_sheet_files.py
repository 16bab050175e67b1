"""Files that are no sheets, or broken ones: rows up to where they break, and words for it."""

import io
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from services.intake.sheets.files import BrokenFileError, Format, delimiter_of, encoding_of, rows_of

_HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _workbook() -> bytes:
    made, content = Workbook(), io.BytesIO()
    made.worksheets[0].append(["Reference", "Titel"])
    made.worksheets[0].append(["bed-1", 3.5])
    made.save(content)
    return content.getvalue()


WORKBOOK = _workbook()


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
@_HERE
@given(content=st.binary(max_size=2000))
@example(content=b"")
@example(content=b"\xff\xfe\x00")
@example(content=b'a;"b')
@example(content=b"a\x00b;c\rd")
def test_any_bytes_are_rows_or_a_broken_file(tmp_path: Path, form: Format, content: bytes) -> None:
    _read(tmp_path, form, content)


@_HERE
@given(at=st.integers(0, len(WORKBOOK) - 1), value=st.integers(0, 255), cut=st.integers(0, len(WORKBOOK)))
def test_a_workbook_with_a_wrong_byte_or_an_end_too_early_is_rows_or_a_broken_file(
    tmp_path: Path, at: int, value: int, cut: int
) -> None:
    _read(tmp_path, "xlsx", WORKBOOK[:at] + bytes([value]) + WORKBOOK[at + 1 :])
    _read(tmp_path, "xlsx", WORKBOOK[:cut])


def test_a_packed_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.sheets.files._MOST_XLSX_BYTES", 100)
    file = tmp_path / "bomb.xlsx"
    file.write_bytes(WORKBOOK)
    with pytest.raises(BrokenFileError, match="too large"):
        next(rows_of(file, "xlsx"))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("blå".encode(), "utf-8"),
        (b"\xef\xbb\xbfbl\xc3\xa5", "utf-8-sig"),
        ("blå".encode("cp1252"), "cp1252"),
        ("blå".encode("utf-16"), "utf-16"),
        (b"bl\x81", "latin-1"),
    ],
)
def test_the_encoding_is_what_all_of_the_file_can_be(tmp_path: Path, content: bytes, encoding: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 2_000_000 + content if encoding in {"utf-8", "cp1252"} else content)
    assert encoding_of(file) == encoding


@pytest.mark.parametrize(("line", "delimiter"), [("a;b,c;d", ";"), ('"x;y;z",b,c', ","), ("a\tb", "\t"), ("a", ";")])
def test_the_separator_is_what_the_headings_have_most_of(line: str, delimiter: str) -> None:
    assert delimiter_of(line) == delimiter


def _read(folder: Path, form: Format, content: bytes) -> None:
    file = folder / "sheet"
    file.write_bytes(content)
    told = ["rækker", "rows"]
    try:
        for row in islice(rows_of(file, form), 1000):
            assert row.number >= 1
            assert row.content
    except BrokenFileError as error:
        told = [error.text_da, error.text_en]
    assert all(told)
