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
]  # fmt: skip
"""Part of the public contract; beside these stand the codes of the draft's own fields (missing, unknown_code, …)."""

_TEXTS: Final[dict[ReasonCode, tuple[str, str]]] = {
    "address_protected": (
        "nævner den adresse, der er beskyttet; skriv teksten uden adressen",
        "names the address that is protected; write the text without it",
    ),
    "cpr_number": (
        "ligner et CPR-nummer, og feltet offentliggøres; fjern nummeret",
        "looks like a CPR number, and the field is published; remove the number",
    ),
    "envelope_malformed": (
        "hovederne er ikke en CloudEvents 1.0-konvolut i Kafkas binære form; ret dem",
        "the headers are not a CloudEvents 1.0 envelope in Kafka's binary mode; correct them",
    ),
    "kind_not_granted": (
        "partneren har ikke lov til at sende den slags; bed driften om at give lov",
        "the partner may not send this kind; ask the operator to grant it",
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
    "section_109_by_phone": (
        "et behov for krisecenter (§ 109) registreres ikke; ring til krisecentret",
        "a need for a crisis centre (§ 109) is not registered; ring the centre",
    ),
    "section_or_kind_missing": (
        "angiv en paragraf (sections) eller en slags tilbud (kinds)",
        "state a section (sections) or a kind of offer (kinds)",
    ),
    "too_large": ("er for stort; gør det mindre", "is too large; make it smaller"),
    "unknown_type": (
        "ce_type kendes ikke; brug en af typerne i kontrakten",
        "ce_type is not known; use one of the types in the contract",
    ),
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
