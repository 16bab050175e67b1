"""Which columns sheets have, and how their cells are read and written."""

import io
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pydantic import BaseModel

from services.intake.domain.outcomes import Rejected
from services.intake.reading import read_draft
from services.intake.sheets import words
from services.intake.sheets.cells import (
    DAY,
    DAY_CAPACITY,
    DECIMAL,
    EXCLUSIONS,
    HALF_DAYS,
    KRONER,
    LEVELS,
    MONTH,
    MUNICIPALITY,
    OFFER_KIND,
    OPENING_HOURS,
    SECTION,
    TARGET_GROUP,
    WHOLE,
    YES_NO,
    Cell,
    UnreadableError,
    listed,
    several,
)
from services.intake.sheets.columns import SHEETS, VACANCIES, Sheet
from services.intake.sheets.layout import guarded, lay_out, our_layout, unguarded, written
from services.intake.sheets.templates import template
from shared.contracts import reference
from shared.contracts.drafts import VacancyDraft


def _code_of(label: str) -> str:
    return next(code for code, group in reference.target_groups().items() if group.label_da == label)


_NOT_IN_A_DRAFT = {"offers": {"offer_id"}, "vacancies": {"vacancy_id"}, "needs": {"need_id"}}


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_every_field_of_the_contract_has_a_column_and_every_column_a_field(sheet: Sheet) -> None:
    fields = set(_leaves(sheet.draft))
    columns = {column.path.replace("[]", "") for column in sheet.columns}
    columns -= _NOT_IN_A_DRAFT[sheet.kind]
    # A cell may hold a whole list or object: then the column's path is the beginning of those of the fields.
    covered = {field for field in fields if any(field == one or field.startswith(f"{one}.") for one in columns)}
    assert (fields - covered, columns - {_head(field, columns) for field in fields}) == (set(), set())


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_no_two_columns_of_a_sheet_share_a_heading(sheet: Sheet) -> None:
    for language in ("da", "en", "path"):
        headings = [getattr(column, language).casefold() for column in sheet.columns]
        assert len(headings) == len(set(headings))
        assert not lay_out(sheet, [heading.replace("{n}", "1").replace("[]", "[0]") for heading in headings]).ignored
        assert not lay_out(sheet, [heading.replace("{n}", "2").replace("[]", "[1]") for heading in headings]).twice


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_the_guide_names_every_column(sheet: Sheet) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "sheets.md").read_text(encoding="utf-8")
    [part] = [one for one in guide.split("## ") if one.startswith(sheet.name_da)]
    for column in sheet.columns:
        assert f"| {column.da}{' **·**' if column.required else ''} | {column.en} | `{column.path}` |" in part


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        (WHOLE, "1.250", 1250),
        (WHOLE, "1 250", 1250),
        (WHOLE, "3,00", 3),
        (WHOLE, "3,5", "3,5"),
        (WHOLE, "mange", "mange"),
        (DECIMAL, "56,15", 56.15),
        (DECIMAL, "56.15", 56.15),
        (YES_NO, "Ja", True),
        (YES_NO, "x", True),
        (YES_NO, "nej", False),
        (YES_NO, "ukendt", None),
        (YES_NO, "måske", "måske"),
        (DAY, "31-12-2026", "2026-12-31"),
        (DAY, "1.2.2027", "2027-02-01"),
        (DAY, "2027-02-01 00:00:00", "2027-02-01"),
        (DAY, "31-02-2027", "31-02-2027"),
        (DAY, "snart", "snart"),
        (MONTH, "3-2027", "2027-03"),
        (MONTH, "2027-03-01", "2027-03"),
        (MUNICIPALITY, "751", "0751"),
        (MUNICIPALITY, "aarhus kommune", "0751"),
        (SECTION, "§ 103", "SEL-103"),
        (SECTION, "104", "SEL-104"),
        (SECTION, "SEL-103 · Beskyttet beskæftigelse", "SEL-103"),
        (SECTION, "§ 105", "§ 105"),
        (SECTION, "§ 103 Beskyttet beskæftigelse", "SEL-103"),
        (SECTION, "§108 a botilbud for unge 18-35 år", "SEL-108a"),
        (SECTION, "Serviceloven § 104", "SEL-104"),
        (OFFER_KIND, "§ 103 Beskyttet beskæftigelse", "SEL-103"),
        (OFFER_KIND, "§ 107", "SEL-107"),
        (OFFER_KIND, "Plejehjem", "PLEJE"),
        (MUNICIPALITY, "Århus", "0751"),
        (MUNICIPALITY, "ålborg kommune", "0851"),
        (MUNICIPALITY, "Københavns Kommune", "0101"),
        (MUNICIPALITY, "Copenhagen", "0101"),
        (TARGET_GROUP, "ADHD", _code_of("Opmærksomhedsforstyrrelse")),
        (several(TARGET_GROUP), "adhd; Autisme", [_code_of("Opmærksomhedsforstyrrelse"), _code_of("Autismespektrum")]),
        (KRONER, "1200,00", 1200),
        (KRONER, "1.200,00", 1200),
        (KRONER, "1.200,-", 1200),
        (KRONER, "kr. 1.200", 1200),
        (KRONER, "1200 kr.", 1200),
        (KRONER, "1200,50", "1200,50"),
        (KRONER, "cirka 1200", "cirka 1200"),
        (several(SECTION), "§ 103, SEL-104; 107", ["SEL-103", "SEL-104", "SEL-107"]),
        (several(listed("accessibility")), "Uden trin, eller med rampe; elevator", ["step_free", "lift"]),
        (HALF_DAYS, "man fm; tir em", [{"weekday": 1, "half": "morning"}, {"weekday": 2, "half": "afternoon"}]),
        (HALF_DAYS, "tirsdag", [{"weekday": 2, "half": "morning"}, {"weekday": 2, "half": "afternoon"}]),
        (DAY_CAPACITY, "man fm: 3", [{"weekday": 1, "half": "morning", "places_free": 3}]),
        (OPENING_HOURS, "lør-søn 8-15.30", [{"weekday": day, "opens": "08:00", "closes": "15:30"} for day in (6, 7)]),
    ],
)
def test_a_cell_understands_what_people_write(cell: Cell, text: str, value: object) -> None:
    assert cell.read(text) == value


@pytest.mark.parametrize(
    "known", [words.sections, words.offer_kinds, words.municipalities, partial(words.of_list, "target-groups")]
)
def test_no_word_stands_for_two_codes(known: Callable[[], Mapping[str, tuple[str, ...]]]) -> None:
    meant: dict[str, str] = {}
    for code, written_as in known().items():
        for word in written_as:
            assert meant.setdefault(word.casefold(), code) == code, word


def test_a_price_with_oere_is_refused_in_a_sentence() -> None:
    row = lay_out(VACANCIES, ["Reference", "Tilbuds-id", "Titel", "Pris 1", "Pris 1: pr."]).read(
        ["bed-1", "skovly", "Plads", "1200,50", "måned"]
    )
    refused = read_draft(VacancyDraft, orjson.dumps(row.document))
    assert isinstance(refused, Rejected)
    [wrong] = [reason for reason in refused.reasons if reason.field == "price_lines[0].amount_dkk"]
    assert "helt tal" in wrong.text_da


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_the_page_of_codes_says_in_danish_which_columns_its_lists_are_for(sheet: Sheet) -> None:
    codes = load_workbook(io.BytesIO(template(sheet)))["Koder"]
    headings = [str(cell.value) for cell in codes[1]]
    known = {column.da.replace(" {n}", "") for column in sheet.columns}
    assert set(headings[1::2]) == {"Kode"}
    for heading in headings[::2]:
        assert set(heading.removesuffix(" m.fl.").split(", ")) <= known
    assert "Adgang" in headings or sheet.kind != "vacancies"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (HALF_DAYS, "mandag morgen"),
        (DAY_CAPACITY, "3 pladser"),
        (DAY_CAPACITY, "man fm ²"),
        (OPENING_HOURS, "fre-man 8-16"),
        (OPENING_HOURS, "man ٨-١٦"),
        (LEVELS, "Samtale"),
        (LEVELS, "Samtale ²"),
    ],
)
def test_a_cell_that_has_no_such_form_shows_one_that_has(cell: Cell, text: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        cell.read(text)
    assert cell.read(caught.value.form.partition(";")[0])


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999"])
def test_a_decimal_that_no_json_can_hold_is_refused_and_not_lost(text: str) -> None:
    with pytest.raises(UnreadableError):
        DECIMAL.read(text)


@pytest.mark.parametrize("text", ["1" + ".000" * 7, "9" * 5000 + ",0", "1" + ".000" * 2000])
def test_a_number_that_nothing_can_hold_stays_text_for_the_contract_to_refuse(text: str) -> None:
    assert WHOLE.read(text) == text


@pytest.mark.parametrize(("cell", "text"), [(WHOLE, "٣.٠٠٠"), (WHOLE, "٣,٠"), (DAY, "٣١-١٢-٢٠٢٦"), (MONTH, "٣-٢٠٢٧")])
def test_only_our_own_digits_are_digits(cell: Cell, text: str) -> None:
    assert cell.read(text) == text


def test_a_cell_that_trips_over_its_text_refuses_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(WHOLE), "read", lambda _, text: int(text))
    row = lay_out(VACANCIES, ["Reference", "Ledige pladser", "Titel"]).read(["bed-1", "²", "Plads"])
    assert [(reason.field, reason.code) for reason in row.unreadable] == [("places_free", "cell_unreadable")]
    assert row.document == {"reference": "bed-1", "title_da": "Plads"}


def test_exclusions_are_for_sure_unless_they_say_otherwise() -> None:
    label = next(iter(reference.target_groups().values()))
    assert EXCLUSIONS.read(f"{label.label_da}; {label.label_da} (spørg først)") == [
        {"code": label.code, "strength": "absolute"},
        {"code": label.code, "strength": "ask_first"},
    ]


@pytest.mark.parametrize("name", sorted(reference.code_lists()))
def test_what_is_written_for_a_code_is_read_as_that_code(name: str) -> None:
    cell = listed(name)
    codes = list(reference.code_lists()[name].items)
    assert [cell.read(cell.write(code)) for code in codes] == codes
    assert several(cell).read(several(cell).write(codes)) == codes


@given(st.text())
def test_what_could_be_a_formula_is_guarded_and_comes_back_as_it_was(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(text)) == text


_ANY_CELL = st.one_of(
    st.text(),
    st.sampled_from(["ja", "3", "man fm 3", "SEL-103", "1-1-2027", "man-fre 8-16", "=1+1", "man fm ²", "Samtale ²", "nan"]),
)


@given(st.sampled_from(list(SHEETS.values())), st.data())
def test_whatever_stands_in_the_cells_is_a_draft_or_reasons_that_name_a_column(sheet: Sheet, data: st.DataObject) -> None:
    headings = [placed.heading for placed in our_layout(sheet, {}, with_what_stays=True).placed]
    layout = lay_out(sheet, headings)
    cells = data.draw(st.lists(_ANY_CELL, max_size=len(headings)))
    document, unreadable, _ = layout.read(cells)
    draft = read_draft(sheet.draft, orjson.dumps(document))
    reasons = [*unreadable, *(draft.reasons if isinstance(draft, Rejected) else ())]
    for told in layout.told(reasons, cells):
        assert told["column"] in headings or told["field"] in {None, "offer_id"} or told["code"] == "extra_forbidden"


def test_a_draft_written_as_a_row_is_read_as_the_same_draft() -> None:
    draft = VACANCIES.draft.model_validate(
        {
            "offer_id": "skovly",
            "reference": "bed-1",
            "title_da": "To pladser",
            "sections": ["SEL-103"],
            "staffed_levels": dict.fromkeys(list(reference.themes())[:4], 3),
            "price_lines": [{"amount_dkk": number, "unit": "hour"} for number in range(3)],
            "available_from": date(2027, 2, 1),
            "pets": False,
        }
    )
    document: dict[str, Any] = orjson.loads(draft.model_dump_json())
    layout = our_layout(VACANCIES, {"price_lines": 3})
    again, unreadable, _ = lay_out(VACANCIES, [placed.heading for placed in layout.placed]).read(written(layout, document))
    assert unreadable == []
    assert VACANCIES.draft.model_validate_json(orjson.dumps(again)) == draft


def _leaves(model: type[BaseModel], before: str = "") -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        inner = _models(field.annotation)
        found += _leaves(inner[0], f"{before}{name}.") if inner else [f"{before}{name}"]
    return found


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _head(field: str, columns: set[str]) -> str | None:
    return next((column for column in columns if field == column or field.startswith(f"{column}.")), None)
