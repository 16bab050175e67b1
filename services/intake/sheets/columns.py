"""Which columns a sheet of offers, of vacancies or of needs has: one line for each field of the contract's drafts.

A path with `[]` is a group that a sheet may have several times, numbered in its headings: `Pris 1`, `Pris 1: pr.`, `Pris 2`, …
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

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
    SERVICE,
    TARGET_GROUP,
    TEXT,
    TEXTS,
    WHOLE,
    YES_NO,
    listed,
    several,
    word,
)
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft

if TYPE_CHECKING:
    from pydantic import BaseModel

    from services.intake.sheets.cells import Cell

Kind = Literal["offers", "vacancies", "needs"]

MOST_GROUPS: Final = 20
"""So many price lines, say, can a row have."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the field it holds, its headings, and what stands in its cells.

    Attributes:
        path: of the field, as errors name it; understood as a heading too.
        da: heading in Danish; `{n}` is the number of a group.
        en: heading in English.
        cell: what stands in it.
        required: a row without it is refused.
        stays: what stands in it never leaves intake: no sheet that is downloaded has the column.
        also: other headings that are understood.
    """

    path: str
    da: str
    en: str
    cell: Cell
    required: bool = False
    stays: bool = False
    also: tuple[str, ...] = ()

    @property
    def group(self) -> str | None:
        """Name the list that a numbered column belongs to."""
        return self.path.partition("[]")[0] if "[]" in self.path else None

    @property
    def top(self) -> str:
        """Name the field of the draft that it is, or is part of."""
        return self.path.partition("[")[0].partition(".")[0]

    def path_of(self, number: int) -> str:
        return self.path.replace("[]", f"[{number - 1}]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of sheet.

    Attributes:
        draft: what a row is read into.
        columns: in the order in which a sheet of ours has them.
        identity: the field that says which one a row is about; the same again is a change.
        own_id: the column of the id that intake gave it, in sheets that were fetched: whoever made it, the row is about that one.
    """

    kind: Kind
    name_da: str
    draft: type[BaseModel]
    identity: str
    columns: tuple[Column, ...]
    own_id: str | None = None


_CONTACT: Final = (
    Column("contact.phone", "Telefon", "Phone", TEXT, also=("tlf", "tlf.")),
    Column("contact.email", "E-mail", "E-mail", TEXT, also=("mail", "email")),
    Column("contact.web", "Hjemmeside", "Web", TEXT, also=("www", "url")),
)
_PLACE: Final = (
    Column("address", "Adresse", "Address", TEXT),
    Column("point.latitude", "Breddegrad", "Latitude", DECIMAL, also=("lat",)),
    Column("point.longitude", "Længdegrad", "Longitude", DECIMAL, also=("lon", "lng")),
    Column("location.easting_m", "UTM32 øst", "UTM32 east", WHOLE, also=("etrs89 øst", "x")),
    Column("location.northing_m", "UTM32 nord", "UTM32 north", WHOLE, also=("etrs89 nord", "y")),
    Column("address_protected", "Beskyttet adresse", "Address protected", YES_NO),
)

OFFERS: Final = Sheet(
    "offers",
    "Tilbud",
    OfferDraft,
    "offer_id",
    (
        Column("offer_id", "Tilbuds-id", "Offer id", TEXT, required=True, also=("tilbud",)),
        Column("name", "Navn", "Name", TEXT, required=True),
        Column("kinds", "Tilbudstyper", "Kinds of offer", several(OFFER_KIND), also=("tilbudstype", "type")),
        Column("sections", "Paragraffer", "Sections", several(SECTION), also=("paragraf", "§")),
        Column("municipality", "Kommune", "Municipality", MUNICIPALITY, required=True, also=("beliggenhedskommune",)),
        *_PLACE,
        Column("cvr", "CVR-nummer", "CVR number", TEXT, also=("cvr", "cvr nr.")),
        Column("p_number", "P-nummer", "P number", TEXT, also=("p nr.",)),
        Column("register_id", "Tilbudsportalens id", "Register id", TEXT),
        Column("register_department_ids", "Afdelingsid'er", "Department ids", TEXTS, also=("afdelingsid",)),
        Column("registered", "Registreret i Tilbudsportalen", "Registered", YES_NO),
        Column("ownership", "Driftsform", "Ownership", listed("ownership")),
        Column("approved", "Godkendt", "Approved", YES_NO),
        Column("approval_authority", "Socialtilsyn", "Approval authority", listed("approval-authorities")),
        Column("approved_places", "Godkendte pladser", "Approved places", WHOLE),
        *_CONTACT,
        Column("text_da", "Tekst", "Text", TEXT, also=("beskrivelse",)),
    ),
)

VACANCIES: Final = Sheet(
    "vacancies",
    "Ledige pladser",
    VacancyDraft,
    "reference",
    (
        Column("reference", "Reference", "Reference", TEXT, required=True, also=("egen reference", "ref")),
        Column("offer_id", "Tilbuds-id", "Offer id", TEXT, required=True, also=("tilbud",)),
        Column("title_da", "Titel", "Title", TEXT, required=True, also=("overskrift",)),
        Column("kinds", "Tilbudstyper", "Kinds of offer", several(OFFER_KIND), also=("tilbudstype", "type")),
        Column("sections", "Paragraffer", "Sections", several(SECTION), also=("paragraf", "§")),
        Column("places_free", "Ledige pladser", "Places free", WHOLE, also=("ledige",)),
        Column("places_held", "Reserverede pladser", "Places held", WHOLE),
        Column("places_total", "Pladser i alt", "Places in all", WHOLE),
        Column("places_sheltered", "Skærmede pladser", "Sheltered places", WHOLE),
        Column("places_flexible", "Fleksible pladser", "Flexible places", WHOLE),
        Column("reserved_for_municipalities", "Kun for kommuner", "Reserved for municipalities", several(MUNICIPALITY)),
        Column("reserved_for_residents", "Kun for beboere", "Reserved for residents", YES_NO),
        Column("target_groups", "Målgrupper", "Target groups", several(TARGET_GROUP), also=("målgruppe",)),
        Column("cannot_take", "Modtager ikke", "Cannot take", EXCLUSIONS),
        Column("age_from", "Alder fra", "Age from", WHOLE),
        Column("age_to", "Alder til", "Age to", WHOLE),
        Column("gender_rule", "Køn", "Gender rule", listed("gender-rules")),
        Column("services", "Ydelser", "Services", several(SERVICE)),
        Column("activities", "Aktiviteter", "Activities", several(listed("activities"))),
        Column("work_tasks", "Arbejdsopgaver", "Work tasks", several(listed("work-tasks"))),
        Column("staffed_levels", "Bemandet til niveau", "Staffed levels", LEVELS),
        Column("night_staff", "Nattevagt", "Night staff", listed("night-staff")),
        Column("room_for_two", "Plads til par", "Room for two", YES_NO),
        Column("room_for_children", "Plads til børn", "Room for children", YES_NO),
        Column("pets", "Husdyr", "Pets", YES_NO, also=("kæledyr",)),
        Column("accessibility.step_free", "Trinfri adgang", "Step-free", YES_NO),
        Column("accessibility.lift", "Elevator", "Lift", YES_NO),
        Column("accessibility.wheelchair", "Kørestol", "Wheelchair", YES_NO),
        Column("accessibility.accessible_bathroom", "Handicapbadeværelse", "Accessible bathroom", YES_NO),
        Column("accessibility.hearing_loop", "Teleslynge", "Hearing loop", YES_NO),
        Column("accessibility.tactile_guidance", "Ledelinjer", "Tactile guidance", YES_NO),
        Column("accessibility.quiet_room", "Stillerum", "Quiet room", YES_NO),
        Column("equipment", "Udstyr", "Equipment", several(listed("equipment"))),
        Column("languages", "Sprog", "Languages", several(listed("languages"))),
        Column("access", "Adgang", "Access", several(listed("access"))),
        Column("day_capacity", "Pladser pr. halve dag", "Places per half-day", DAY_CAPACITY),
        Column("opening_hours", "Åbningstider", "Opening hours", OPENING_HOURS, also=("åbningstid",)),
        Column("price_lines[].amount_dkk", "Pris {n}", "Price {n}", KRONER, also=("pris {n} kr.",)),
        Column("price_lines[].unit", "Pris {n}: pr.", "Price {n}: per", word(words.PRICE_UNITS)),
        Column("price_lines[].kind", "Pris {n}: slags", "Price {n}: kind", word(words.PRICE_KINDS)),
        Column("price_lines[].label_da", "Pris {n}: for", "Price {n}: for", TEXT),
        Column("price_lines[].level", "Pris {n}: niveau", "Price {n}: level", WHOLE),
        Column("price_lines[].days_a_week", "Pris {n}: dage om ugen", "Price {n}: days a week", WHOLE),
        Column("price_lines[].vat_included", "Pris {n}: med moms", "Price {n}: VAT included", YES_NO),
        Column("price_lines[].valid_from", "Pris {n}: gælder fra", "Price {n}: valid from", DAY),
        Column("price_lines[].valid_to", "Pris {n}: gælder til", "Price {n}: valid to", DAY),
        Column("available_from", "Ledig fra", "Available from", DAY),
        Column("available_until", "Ledig til", "Available until", DAY),
        Column("municipality", "Pladsens kommune", "Municipality of the place", MUNICIPALITY, also=("kommune",)),
        *_PLACE,
        *_CONTACT,
        Column("text_da", "Tekst", "Text", TEXT, also=("beskrivelse",)),
        Column("vacancy_id", "Pladsens id", "Vacancy id", TEXT),
    ),
    own_id="vacancy_id",
)

NEEDS: Final = Sheet(
    "needs",
    "Behov",
    NeedDraft,
    "source_reference",
    (
        Column("source_reference", "Reference", "Reference", TEXT, required=True, also=("egen reference", "sagens reference")),
        Column("handlekommune", "Handlekommune", "Municipality in charge", MUNICIPALITY, required=True, also=("kommune",)),
        Column("betalingskommune", "Betalingskommune", "Paying municipality", MUNICIPALITY),
        Column("team", "Team", "Team", TEXT),
        Column("caseworker", "Sagsbehandler", "Caseworker", TEXT),
        Column("case", "Sag (pseudonym)", "Case (pseudonym)", TEXT, also=("sag", "case")),
        Column("sections[].section", "Paragraf {n}", "Section {n}", SECTION, required=True, also=("§ {n}",)),
        Column("sections[].basis", "Paragraf {n}: grundlag", "Section {n}: basis", word(words.BASES)),
        Column("primary_target_group", "Primær målgruppe", "Primary target group", TARGET_GROUP, required=True),
        Column("further_target_groups", "Øvrige målgrupper", "Further target groups", several(TARGET_GROUP)),
        Column("birth_year", "Fødselsår", "Birth year", WHOLE, required=True),
        Column("turns_18", "Fylder 18", "Turns 18", MONTH),
        Column("turns_36", "Fylder 36", "Turns 36", MONTH),
        Column("reaches_pension_age", "Når folkepensionsalder", "Reaches pension age", MONTH),
        Column("gender", "Køn", "Gender", word(words.GENDERS)),
        Column("levels", "Funktionsniveau", "Levels", LEVELS),
        Column("services", "Ydelser", "Services", several(SERVICE)),
        Column("activities", "Aktiviteter", "Activities", several(listed("activities"))),
        Column("work_tasks", "Arbejdsopgaver", "Work tasks", several(listed("work-tasks"))),
        Column("half_days", "Halve dage", "Half-days", HALF_DAYS),
        Column("half_days_a_week", "Halve dage om ugen", "Half-days a week", WHOLE),
        Column("transport", "Transport", "Transport", listed("transport")),
        Column("max_distance_km", "Højst km", "At most km", WHOLE),
        Column("points_of_reference[].kind", "Sted {n}", "Place {n}", word(words.POINT_KINDS), stays=True),
        Column("points_of_reference[].easting_m", "Sted {n}: UTM32 øst", "Place {n}: UTM32 east", WHOLE, stays=True),
        Column("points_of_reference[].northing_m", "Sted {n}: UTM32 nord", "Place {n}: UTM32 north", WHOLE, stays=True),
        Column("partner_comes_along", "Partner med", "Partner comes along", YES_NO),
        Column("children_come_along", "Børn med", "Children come along", WHOLE),
        Column("pets_come_along", "Husdyr med", "Pets come along", YES_NO, also=("kæledyr med",)),
        Column("access_needs", "Adgangsbehov", "Access needs", several(listed("accessibility"))),
        Column("equipment_needs", "Udstyrsbehov", "Equipment needs", several(listed("equipment"))),
        Column("languages", "Sprog", "Languages", several(listed("languages"))),
        Column("urgency", "Hast", "Urgency", word(words.URGENCIES)),
        Column("waiting_since", "Venter siden", "Waiting since", DAY),
        Column("start_from", "Start tidligst", "Start from", DAY),
        Column("start_by", "Start senest", "Start by", DAY),
        Column("deadline.date", "Frist", "Deadline", DAY),
        Column("deadline.source", "Frist: kilde", "Deadline: source", TEXT),
        Column("price_ceiling_dkk_per_month", "Prisloft pr. måned", "Price ceiling per month", KRONER),
        Column("reference_price_dkk_per_month", "Referencepris pr. måned", "Reference price per month", KRONER),
        Column("consent.basis", "Samtykke", "Consent", word(words.CONSENT), stays=True),
        Column("consent.given_on", "Samtykke givet", "Consent given on", DAY, stays=True),
        Column("note_da", "Notat", "Note", TEXT, stays=True),
        Column("need_id", "Behovets id", "Need id", TEXT),
    ),
    own_id="need_id",
)

SHEETS: Final[dict[str, Sheet]] = {sheet.kind: sheet for sheet in (OFFERS, VACANCIES, NEEDS)}
