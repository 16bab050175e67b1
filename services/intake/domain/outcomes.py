"""What becomes of a wish to change something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from shared.contracts.receipt import Reason

if TYPE_CHECKING:
    from services.intake.domain.states import State


@dataclass(frozen=True, slots=True)
class Accepted:
    """There is a new version: `state` is to be stored and published. `created`: it did not exist before."""

    state: State
    created: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing new was said; the version stands."""

    state: State


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused, with every reason that could be found."""

    reasons: tuple[Reason, ...]


Outcome: TypeAlias = Accepted | Unchanged | Rejected

ReasonCode = Literal[
    "address_protected", "cpr_number", "envelope_malformed", "kind_not_granted", "no_body", "no_reference", "offer_fixed",
    "offer_not_found", "offer_not_yours", "municipality_not_yours", "section_109_by_phone", "section_or_kind_missing", "too_large", "unknown_type",
    "more_reasons", "need_not_found", "need_erased", "vacancy_closed", "vacancy_erased", "vacancy_not_found",
    "version_moved", "exists_already", "ids_or_offer", "control_character", "in_the_future", "month_too_far_ahead", "pension_age", "person_name", "street_address",
    "asked_too_long_ago", "nothing_claimed", "own_offer", "observation_not_found", "objection_too_late", "objection_ruled", "not_objected",
    "protected_without_site", "reference_fixed", "reference_taken", "citizen_name", "birth_date",
]  # fmt: skip
"""Part of the public contract; beside these stand the codes of the draft's own fields (missing, unknown_code, …)."""

_TEXTS: Final[dict[ReasonCode, tuple[str, str]]] = {
    "address_protected": (
        "røber en adresse, der er beskyttet; skriv uden vej, postnummer og by",
        "betrays an address that is protected; write it without street, postcode and town",
    ),
    "birth_date": (
        "ligner en fødselsdato, og teksten offentliggøres; skriv en alder eller et aldersinterval i stedet (age_from, age_to)",
        "looks like a date of birth, and the text is published; write an age or a range of ages instead (age_from, age_to)",
    ),
    "citizen_name": (
        "ligner en borgers navn, og teksten offentliggøres; udelad navnet (en medarbejders må stå, med stilling: leder …)",
        "looks like a citizen's name, and the text is published; leave it out (one of staff may stand, with position: leader …)",
    ),
    "cpr_number": (
        "ligner et CPR-nummer, og det må ikke stå her; fjern nummeret",
        "looks like a CPR number, which must not stand here; remove the number",
    ),
    "envelope_malformed": (
        "hovederne er ikke en CloudEvents 1.0-konvolut i Kafkas binære form; ret dem",
        "the headers are not a CloudEvents 1.0 envelope in Kafka's binary mode; correct them",
    ),
    "in_the_future": ("må ikke ligge i fremtiden", "must not lie in the future"),
    "kind_not_granted": (
        "partneren har ikke lov til at sende den slags; bed driften om at give lov",
        "the partner may not send this kind; ask the operator to grant it",
    ),
    "month_too_far_ahead": (
        "må højst ligge to år fremme; udelad måneden indtil da",
        "must lie two years ahead at most; leave the month out until then",
    ),
    "no_body": ("der er intet indhold; send JSON", "there is no body; send JSON"),
    "no_reference": (
        "skal udfyldes: afsenderens egen reference, så det samme kan ændres senere",
        "is required: the sender's own reference, so that the same can be changed later",
    ),
    "offer_fixed": (
        "kan ikke ændres: en ledig plads bliver ved sit tilbud; opret en ny",
        "cannot be changed: a vacancy stays with its offer; post a new one",
    ),
    "offer_not_found": ("tilbuddet findes ikke; opret det først", "there is no such offer; register it first"),
    "offer_not_yours": (
        "tilbuddet hører ikke til afsenderen; brug et tilbud, der gør",
        "the offer does not belong to the sender; use one that does",
    ),
    "municipality_not_yours": (
        "afsenderen må ikke handle for kommunen; bed driften om at give lov",
        "the sender may not act for the municipality; ask the operators to grant it",
    ),
    "pension_age": (
        "passer ikke med folkepensionsalderen for birth_year",
        "does not agree with the state pension age of birth_year",
    ),
    "person_name": (
        "ligner et personnavn, og feltet offentliggøres; brug en kode eller et id, der ikke siger, hvem det er",
        "looks like a person's name, and the field is published; use a code or an id that does not say who it is",
    ),
    "protected_without_site": (
        "er beskyttet, men ligger ved tilbuddets offentlige adresse; angiv pladsens egen (address, municipality), eller beskyt tilbuddet",
        "is protected but lies at its offer's public address; state its own (address, municipality), or protect the offer",
    ),
    "reference_fixed": (
        "kan ikke ændres: referencen er det navn, som netop dette er kendt under; udelad den, eller opret et nyt",
        "cannot be changed: the reference is the name that this very thing is known by; leave it out, or make a new one",
    ),
    "reference_taken": (
        "er allerede navnet på et andet behov i kommunen; ret det behov i stedet, eller luk det ene",
        "is the name of another need in the municipality already; change that need instead, or close one of them",
    ),
    "section_109_by_phone": (
        "registreres ikke som behov: ring til et krisecenter; telefonnumre står på /offers?section=SEL-109, og hotline 1888 har døgnåbent",
        "is not registered as a need: ring a crisis centre; phones are at /offers?section=SEL-109, and hotline 1888 is always open",
    ),
    "section_or_kind_missing": (
        "angiv en paragraf (sections) eller en slags tilbud (kinds)",
        "state a section (sections) or a kind of offer (kinds)",
    ),
    "street_address": (
        "ligner en adresse, og feltet offentliggøres; udelad vej, postnummer og by",
        "looks like an address, and the field is published; leave out street, postcode and town",
    ),
    "too_large": ("er for stort; gør det mindre", "is too large; make it smaller"),
    "unknown_type": (
        "ce_type kendes ikke; brug en af typerne i kontrakten",
        "ce_type is not known; use one of the types in the contract",
    ),
    "asked_too_long_ago": (
        "er for længe siden; fortæl det, mens det huskes",
        "is too long ago; tell it while it is remembered",
    ),
    "nothing_claimed": (
        "opslaget siger, at intet er ledigt; der er intet at efterprøve",
        "the posting says that nothing is free; there is nothing to check",
    ),
    "own_offer": (
        "et tilbud kan ikke efterprøve sine egne opslag",
        "an offer cannot check its own postings",
    ),
    "observation_not_found": ("observationen findes ikke; kontrollér nummeret", "there is no such observation; check its number"),
    "objection_too_late": (
        "observationen tæller allerede; indsigelse skal ske i perioden før",
        "the observation counts already; an objection is for the period before",
    ),
    "objection_ruled": ("indsigelsen er afgjort", "the objection has been ruled on"),
    "not_objected": ("der er ingen indsigelse at afgøre", "there is no objection to rule on"),
    "more_reasons": ("der er flere fejl; ret disse først", "there are more; correct these first"),
    "need_not_found": ("behovet findes ikke; kontrollér id eller reference", "there is no such need; check id or reference"),
    "need_erased": ("behovet er slettet", "the need has been erased"),
    "vacancy_closed": (
        "pladsen er lukket; slå den op igen i stedet",
        "the vacancy is closed; post it again instead",
    ),
    "vacancy_erased": ("pladsen er slettet; slå en ny op", "the vacancy has been erased; post a new one"),
    "vacancy_not_found": (
        "den ledige plads findes ikke; kontrollér id eller reference",
        "there is no such vacancy; check id or reference",
    ),
    "version_moved": (
        "er ikke den nuværende version; hent den, og brug dens ETag",
        "is not the current version; fetch it, and use its ETag",
    ),
    "control_character": (
        "holder et styretegn, som ingen kan læse; fjern det",
        "holds a control character that nobody can read; remove it",
    ),
    "ids_or_offer": (
        "angiv enten vacancy_ids eller offer_id, og ikke begge",
        "state either vacancy_ids or offer_id, and not both",
    ),
    "exists_already": (
        "findes allerede; hent det, og ret det i stedet",
        "exists already; fetch it, and change it instead",
    ),
}

if missing := set(get_args(ReasonCode)) ^ set(_TEXTS):
    raise AssertionError(f"reasons without a text, or texts without a reason: {sorted(missing)}")


def reason(code: ReasonCode, field: str | None = None) -> Reason:
    """Say one thing that is wrong; `field` is a path, never a value."""
    text_da, text_en = _TEXTS[code]
    return Reason(field=field, code=code, text_da=text_da, text_en=text_en)


def rejected(code: ReasonCode, field: str | None = None) -> Rejected:
    """Refuse for one reason."""
    return Rejected((reason(code, field),))
