"""The nation's codes as the project holds them: whole, dated, named in two languages, and refused when they are out of use."""

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.contracts import common, reference
from shared.contracts.reference import code_lists, refusal_of

TODAY = date(2026, 11, 25)
LAST_DAY, FIRST_DAY = date(2026, 12, 31), date(2027, 1, 1)


# --- the lists ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ffb", 220),
        ("target-groups", 45),
        ("services", 32),
        ("themes", 31),
        ("functional-levels", 6),
        ("support-levels", 6),
        ("municipalities", 99),
        ("landsdele", 11),
        ("regions", 6),
        ("sections", 13),
        ("activities", 6),
        ("work-tasks", 6),
    ],
)
def test_the_lists_are_whole(name: str, count: int) -> None:
    assert len(code_lists()[name].items) == count


@pytest.mark.parametrize("name", code_lists())
def test_every_list_says_whose_it_is_and_from_when(name: str) -> None:
    codes = code_lists()[name]
    assert codes.source
    assert codes.version
    assert date(2007, 1, 1) <= codes.version_date <= TODAY
    assert codes.title_da
    assert codes.title_en
    assert codes.valid_from is None or codes.valid_from <= TODAY


@pytest.mark.parametrize("name", code_lists())
def test_every_code_has_a_danish_and_an_english_label_and_days_in_order(name: str) -> None:
    for item in code_lists()[name].items.values():
        assert item.label_da.strip() == item.label_da != ""
        assert item.label_en.strip() == item.label_en != ""
        assert item.valid_from is None or item.valid_to is None or item.valid_from <= item.valid_to


def test_english_labels_of_concepts_are_english() -> None:
    assert not [one.label_en for one in reference.concepts().values() if re.search("[æøåÆØÅ]", one.label_en)]
    # "Depression", "Service", "Prostitution" and a few more are the same word in both languages; hardly any other is.
    same = [one.label_da for one in reference.concepts().values() if one.label_da == one.label_en]
    assert len(same) < 10, same


def test_every_concept_stands_in_a_group_up_to_the_top_of_its_list() -> None:
    concepts = reference.concepts()
    for concept in concepts.values():
        above, steps = concept, 0
        while above.parent is not None:
            above, steps = concepts[above.parent], steps + 1
            assert not above.leaf
            assert steps < 10
        assert above.kind in {concept.kind, "root"}


@pytest.mark.parametrize("name", ["functional-levels", "support-levels"])
def test_a_scale_goes_from_0_to_4_and_not_assessed_is_no_number(name: str) -> None:
    levels = {item.label_en: item.level for item in code_lists()[name].items.values() if isinstance(item, reference.Concept)}
    assert sorted(level for level in levels.values() if level is not None) == [0, 1, 2, 3, 4]
    assert [label for label, level in levels.items() if level is None] == ["Not assessed"]
    assert next(label for label, level in levels.items() if level == 4).startswith("Total")


def test_there_are_98_kommuner_and_christiansoe() -> None:
    places = reference.municipalities()
    assert Counter(place.is_municipality for place in places.values()) == {True: 98, False: 1}
    assert places["0411"].name == "Christiansø"
    assert {place.landsdel for place in places.values()} == set(reference.words("landsdele"))
    assert all(re.fullmatch(r"\d{4}", code) for code in places)


def test_hovedstaden_and_sjaelland_are_oestdanmark_from_2027() -> None:
    before = Counter(place.region_on(LAST_DAY) for place in reference.municipalities().values())
    after = Counter(place.region_on(FIRST_DAY) for place in reference.municipalities().values())

    assert before == {"DK-81": 11, "DK-82": 19, "DK-83": 22, "DK-84": 30, "DK-85": 17}
    assert after == {"DK-81": 11, "DK-82": 19, "DK-83": 22, "X-OSTDANMARK": 47}  # 30 + 17
    assert set(before) == set(code_lists()["regions"].valid_on(LAST_DAY))
    assert set(after) == set(code_lists()["regions"].valid_on(FIRST_DAY))


@given(st.dates(date(2007, 1, 1), date(2100, 1, 1)))
def test_every_kommune_lies_in_a_region_that_exists_on_that_day(day: date) -> None:
    regions = code_lists()["regions"].valid_on(day)
    assert all(place.region_on(day) in regions for place in reference.municipalities().values())


def test_the_kinds_of_offer_name_law_section_supervision_and_kle() -> None:
    kinds = reference.offer_types()
    assert {"VAER", "FRIV", "SKOLE", "PLEJE", "OPH", "KULT", "DAGC", "BESK", "SOCV", "MIDT"} <= set(kinds)
    assert (kinds["SEL-107"].law, kinds["SEL-107"].section, kinds["SEL-107"].supervision, kinds["SEL-107"].kle) == (
        "Serviceloven", "107", "socialtilsyn", "27.57.04",
    )  # fmt: skip
    assert all(re.fullmatch(r"\d\d\.\d\d\.\d\d", kind.kle) for kind in kinds.values() if kind.kle)
    assert {kind.section_id for kind in kinds.values() if kind.section_id} <= set(reference.sections())
    assert reference.open_door_kinds() == {"VAER", "FRIV", "KULT"}
    assert all(kind.law and kind.section for kind in reference.sections().values())


def test_languages_have_their_danish_and_english_names_and_sign_language_is_one() -> None:
    languages = reference.words("languages")
    assert (languages["dsl"].label_da, languages["dsl"].label_en) == ("dansk tegnsprog", "Danish Sign Language")
    assert {code: languages[code].label_da for code in ("da", "ar", "so", "uk", "kl", "fa")} == {
        "da": "dansk", "ar": "arabisk", "so": "somali", "uk": "ukrainsk", "kl": "grønlandsk", "fa": "persisk",
    }  # fmt: skip
    assert all(re.fullmatch("[a-z]{2,3}", code) for code in languages)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("activities", common.ACTIVITIES),
        ("work-tasks", common.WORK_TASKS),
        ("access", common.ACCESS),
        ("gender-rules", common.GENDER_RULES),
        ("night-staff", common.NIGHT_STAFF),
        ("transport", common.TRANSPORT),
        ("accessibility", common.ACCESSIBILITY),
        ("equipment", common.EQUIPMENT),
        ("ownership", common.OWNERSHIP),
        ("approval-authorities", common.APPROVAL_AUTHORITIES),
    ],
)
def test_the_words_of_the_contracts_are_the_words_that_have_labels(name: str, codes: frozenset[str]) -> None:
    assert set(reference.words(name)) == codes


# --- codes that are refused --------------------------------------------------------------------------------------


def suggested(value: str, name: str, day: date = TODAY) -> tuple[str, str]:
    refusal = refusal_of(value, name, day)
    assert refusal is not None
    assert refusal.context is not None
    return refusal.type, refusal.context["nearest"]


@pytest.mark.parametrize(
    ("value", "name", "code"),
    [
        ("104", "sections", "SEL-104"),
        ("§ 108 a", "sections", "SEL-108a"),
        ("SEL 107", "sections", "SEL-107"),
        ("ophold efter § 107 stk. 1", "sections", "SEL-107"),
        ("105", "sections", "SEL-109"),
        ("Autisme", "target-groups", "9b3fd322-a75a-4ed8-9b74-425fa1e01c95"),
        ("Autismspektrum", "target-groups", "9b3fd322-a75a-4ed8-9b74-425fa1e01c95"),
        ("Intellectual disability", "target-groups", "97c355cc-84e3-46d0-ac1b-00bc627d089f"),
        ("Copenhagen", "municipalities", "0101"),
        ("Århus", "municipalities", "0751"),
        ("væresteder", "offer-types", "VAER"),
        ("dagskole", "offer-types", "SKOLE"),
        ("dansk", "languages", "da"),
        ("Creative", "activities", "creative"),
        ("pakning", "work-tasks", "packing"),
        ("Loftlift", "equipment", "ceiling_hoist"),
        ("kørestol", "target-groups", "6e155207-db12-419a-8d9c-d67756533056"),
    ],
)
def test_an_unknown_code_is_refused_with_the_nearest_valid_ones(value: str, name: str, code: str) -> None:
    why, near = suggested(value, name)
    assert why == "unknown_code"
    assert f"{code} (" in near


def test_a_short_list_is_told_whole() -> None:
    refusal = refusal_of("sleeping", "night-staff", TODAY)
    assert refusal is not None
    assert refusal.context is not None
    assert "awake, asleep, none" in refusal.context["text_da"]


@pytest.mark.parametrize(
    ("value", "name", "successors"),
    [
        ("SEL-192", "offer-types", ["PLEJE"]),
        ("SEL-192", "sections", ["PLEJE"]),
        ("SEL-66", "sections", ["BL-43"]),
        ("SEL-32", "sections", ["BL-82"]),
        ("SEL-105", "sections", ["SEL-107", "SEL-109", "SEL-110"]),
        ("SEL-106", "sections", ["SEL-108"]),
    ],
)
def test_a_former_code_is_refused_with_its_successors(value: str, name: str, successors: list[str]) -> None:
    why, near = suggested(value, name)
    assert why == "code_out_of_date"
    assert all(f"{code} (" in near for code in successors)


def test_a_code_is_valid_through_its_last_day_and_refused_on_the_next() -> None:
    assert refusal_of("DK-85", "regions", LAST_DAY) is None
    assert suggested("DK-85", "regions", FIRST_DAY) == ("code_out_of_date", "X-OSTDANMARK (Østdanmark)")
    assert suggested("X-OSTDANMARK", "regions", LAST_DAY)[0] == "code_out_of_date"
    assert refusal_of("X-OSTDANMARK", "regions", FIRST_DAY) is None


def test_former_codes_lead_to_codes_that_are_valid() -> None:
    lists = code_lists()
    for former in reference.former_codes().items.values():
        day = max(TODAY, (former.valid_to or TODAY) + timedelta(days=1))
        valid = {code for name in (*former.lists, "offer-types") for code in lists[name].valid_on(day)}
        assert former.replaced_by
        assert set(former.replaced_by) <= valid
        assert former.code not in reference.offer_types()


@given(st.text(max_size=80), st.sampled_from(sorted(code_lists())))
def test_any_text_is_a_code_or_refused_in_two_languages_with_valid_codes_only(value: str, name: str) -> None:
    refusal = refusal_of(value, name, TODAY)
    if value in code_lists()[name].valid_on(TODAY):
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.context is not None
        assert refusal.context["text_da"]
        assert refusal.context["text_en"]
        assert set(reference.nearest(value, name, TODAY)) <= set(code_lists()[name].valid_on(TODAY))


class _Place(BaseModel):
    section: common.KnownSection
    kommune: common.KnownMunicipality


def test_a_field_of_a_draft_is_checked_by_the_day_that_its_reader_gives() -> None:
    place = {"section": "BL-43", "kommune": "0751"}
    adapter = TypeAdapter(_Place)
    assert adapter.validate_python(place).section == "BL-43"
    assert adapter.validate_python(place, context={"today": date(2024, 1, 1)}).section == "BL-43"
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(place, context={"today": date(2023, 12, 31)})  # the day before barnets lov
    assert [error["type"] for error in refused.value.errors()] == ["code_out_of_date"]


# --- the words that people use -------------------------------------------------------------------------------------


def kinds_and_sections(word: str) -> set[str]:
    found = reference.aliases_by_word().get(reference.plain(word), ())
    return {code for alias in found for code in (*alias.kinds, *alias.sections)}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("§ 105 midlertidige botilbud", {"SEL-107", "SEL-109", "SEL-110"}),
        ("§ 105", {"SEL-107", "SEL-109", "SEL-110"}),
        ("§ 106", {"SEL-108"}),
        ("§106", {"SEL-108"}),
        ("varige botilbud", {"SEL-108"}),
        ("dagskoler", {"SKOLE"}),
        ("plejehjem", {"PLEJE"}),
        ("opholdssteder", {"OPH", "BL-43"}),
        ("botilbud", {"SEL-107", "SEL-108"}),
        ("krisecentre", {"SEL-109"}),
        ("herberger", {"SEL-110"}),
        ("midtvejshuse", {"MIDT"}),
        ("Værksteder og produktionsenheder", {"SEL-103"}),
        ("Sociale virksomheder", {"SOCV"}),
        ("Træningsforløb og oplæring", {"SEL-103-2"}),
        ("Væresteder", {"VAER"}),
        ("Dagcentre", {"DAGC", "SEL-104"}),
        ("Frivillighedscentre", {"FRIV"}),
        ("frivilligcentre", {"FRIV"}),
        ("Kultur- og fritidscentre", {"KULT"}),
        ("Beskæftigelsescentre", {"BESK"}),
        ("beskyttet beskæftigelse", {"SEL-103"}),
        ("aktivitets- og samværstilbud", {"SEL-104"}),
    ],
)
def test_the_portals_words_mean_what_they_should(word: str, meant: set[str]) -> None:
    assert meant <= kinds_and_sections(word)


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        ("maleri keramik musik håndarbejde", "activities", "creative"),
        ("motion gåture svømning gymnastik", "activities", "physical"),
        ("fællesspisning filmklub udflugter temadage", "activities", "social"),
        ("kurser workshops IT madlavning sprog", "activities", "learning"),
        ("selvhjælpsgrupper", "activities", "self_help_group"),
        ("indkøb madlavning", "activities", "practical_support"),
        ("produktionsopgaver", "work_tasks", "production"),
        ("pakkeopgaver pakning", "work_tasks", "packing"),
        ("monteringsarbejde montage", "work_tasks", "assembly"),
        ("vedligeholdelse", "work_tasks", "maintenance"),
        ("administration", "work_tasks", "administration"),
        ("selvhenvendelse", "access", "self_referral"),
        ("henvisning", "access", "referral"),
    ],
)
def test_every_example_of_the_portals_lists_has_its_meaning(words: str, field: str, code: str) -> None:
    for word in words.split():
        found = reference.aliases_by_word()[reference.plain(word)]
        assert code in {meant for alias in found for meant in getattr(alias, field)}, word


def test_aliases_mean_codes_that_exist_and_say_it_in_both_languages() -> None:
    lists = code_lists()
    fields = {
        "kinds": "offer-types", "sections": "sections", "target_groups": "target-groups", "services": "services",
        "activities": "activities", "work_tasks": "work-tasks", "access": "access",
    }  # fmt: skip
    for alias in reference.aliases():
        assert alias.words
        assert (alias.note_da is None) == (alias.note_en is None)
        meant = {name: set(getattr(alias, field)) for field, name in fields.items()}
        assert any(meant.values()), alias.words
        for name, codes in meant.items():
            assert codes <= set(lists[name].items), alias.words


def test_the_seed_names_no_kind_of_offer_that_no_alias_covers() -> None:
    """The words of the portal page that name a kind of offer, as they stand there; the page itself is not ours to copy."""
    words = Path(__file__).with_name("seed_words.txt").read_text(encoding="utf-8").split("\n")
    unknown = [word for word in words if word and reference.plain(word) not in reference.aliases_by_word()]
    assert not unknown
