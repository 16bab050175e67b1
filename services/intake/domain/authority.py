"""Who may do what: the one place that says so, whichever way a wish came in.

A partner's system may send the kinds that it was given, for the offers that are its own, and needs for the municipalities that
were declared for it. None declared is none. A person speaks for the offers and acts for the municipality that are theirs by login.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from services.intake.domain.commands import (
    CloseNeed,
    CloseVacancy,
    ConfirmVacancy,
    CountTruth,
    EraseNeed,
    EraseVacancy,
    ExpireVacancy,
    PatchVacancy,
    PostNeed,
    PostVacancy,
    PutOffer,
    RemindVacancy,
    ReplaceNeed,
    ReplaceVacancy,
    RuleOut,
)
from services.intake.domain.outcomes import reason
from services.intake.domain.states import ErasedVacancy, NeedState, VacancyState
from services.intake.domain.targets import which_need, which_vacancy

if TYPE_CHECKING:
    from services.intake.domain.books import Books
    from services.intake.domain.commands import Command, NeedChange, VacancyChange
    from services.intake.domain.partners import Partner
    from shared.contracts.receipt import Reason
    from shared.contracts.submission import SubmissionKind


@dataclass(frozen=True, slots=True)
class Anyone:
    """Intake itself, and operators where nothing is anybody's: nothing is narrowed. Nobody who asks by HTTP to change something."""

    @property
    def name(self) -> str:
        """Say in whose name what is done once is kept."""
        return ""


@dataclass(frozen=True, slots=True)
class PartnerCaller:
    """A partner's system."""

    partner: Partner

    @property
    def name(self) -> str:
        """Say in whose name what is done once is kept."""
        return self.partner.name

    @property
    def kinds(self) -> frozenset[SubmissionKind]:
        return self.partner.kinds

    @property
    def offers(self) -> frozenset[str]:
        return self.partner.offers

    @property
    def municipalities(self) -> frozenset[str]:
        return self.partner.municipalities


@dataclass(frozen=True, slots=True)
class PersonCaller:
    """Somebody who has logged in.

    Attributes:
        person: their opaque id.
        kinds: places for an offer's staff, needs for caseworkers.
        offers: ids of the offers that they speak for.
        municipalities: for whose needs they act.
        staff_of: the offers that are theirs, also where they do not speak for them.
    """

    person: str
    kinds: frozenset[SubmissionKind] = frozenset()
    offers: frozenset[str] = frozenset()
    municipalities: frozenset[str] = frozenset()
    staff_of: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Say in whose name what is done once is kept; no partner's name has a colon."""
        return f"person:{self.person}"


Caller: TypeAlias = Anyone | PartnerCaller | PersonCaller

ANYONE: Final = Anyone()


def may_send(caller: Caller, kind: SubmissionKind, field: str | None = None) -> list[Reason]:
    """Refuse a kind that was not given."""
    return [] if isinstance(caller, Anyone) or kind in caller.kinds else [reason("kind_not_granted", field)]


def may_speak_for(caller: Caller, offer_id: str | None, field: str | None) -> list[Reason]:
    """Refuse what is about another's offer."""
    mine = isinstance(caller, Anyone) or offer_id in caller.offers
    return [] if mine else [reason("offer_not_yours", field)]


def may_act_for(caller: Caller, municipality: str | None, field: str | None) -> list[Reason]:
    """Refuse a need of a municipality that was not declared."""
    mine = isinstance(caller, Anyone) or municipality in caller.municipalities
    return [] if mine else [reason("municipality_not_yours", field)]


def may_see_needs_of(caller: Caller, municipality: str | None) -> bool:
    """Say whether a need of a municipality may be told."""
    return not may_send(caller, "need") and not may_act_for(caller, municipality, None)


def own_offers(caller: Caller) -> frozenset[str]:
    """Give the offers of which a caller is a part, so that what he says of them is no stranger's word."""
    match caller:
        case Anyone():
            return frozenset()
        case PartnerCaller():
            return caller.offers
        case PersonCaller():
            return caller.offers | caller.staff_of
        case _:
            assert_never(caller)


def sender_of(caller: Caller, offer_id: str) -> str:
    """Say in whose name space a vacancy's reference is: a partner's own, the same by every way in, or the offer's."""
    return caller.partner.name if isinstance(caller, PartnerCaller) else f"http:{offer_id}"


def refusals(  # noqa: PLR0911 - a table: one return per command
    caller: Caller, command: Command, books: Books
) -> list[Reason]:
    """Say everything that a caller may not do of what he wants.

    Args:
        caller: who it is.
        command: what he wants.
        books: what is stored of all that is named. What is not there is no matter of authority.
    """
    if isinstance(caller, Anyone):
        return []
    match command:
        case PutOffer(offer_id):
            return [*may_send(caller, "offer"), *may_speak_for(caller, offer_id, "offer_id")]
        case CountTruth(offer_id):  # intake's own count: nobody sends it
            return [reason("offer_not_yours", "offer_id")]
        case PostVacancy(draft):
            return [*may_send(caller, "vacancy"), *may_speak_for(caller, draft.offer_id, "offer_id")]
        case (
            ReplaceVacancy()
            | PatchVacancy()
            | CloseVacancy()
            | ConfirmVacancy()
            | RemindVacancy()
            | ExpireVacancy()
            | EraseVacancy()
        ):
            return [*may_send(caller, "vacancy"), *_vacancy_refusals(caller, command, books)]
        case PostNeed(draft):
            return [*may_send(caller, "need"), *may_act_for(caller, draft.handlekommune, "handlekommune")]
        case ReplaceNeed() | CloseNeed() | RuleOut() | EraseNeed():  # who may send no needs is not told whether there is one
            return may_send(caller, "need") or _need_refusals(caller, command, books)
        case _:
            assert_never(command)


def _vacancy_refusals(caller: PartnerCaller | PersonCaller, command: VacancyChange, books: Books) -> list[Reason]:
    which = which_vacancy(command)
    field = "reference" if which.name else "vacancy_id"
    match books.vacancy(which):
        case VacancyState(vacancy=found):
            return may_speak_for(caller, found.offer_id, field)
        case ErasedVacancy(offer_id=offer_id):
            return may_speak_for(caller, offer_id, field)
        case None:
            return []


def _need_refusals(caller: PartnerCaller | PersonCaller, command: NeedChange, books: Books) -> list[Reason]:
    """Another municipality's need is not there: unlike a vacancy, that it exists is nobody's business."""
    which = which_need(command)
    if which.name and (refused := may_act_for(caller, which.name[0], "handlekommune")):
        return refused
    found = books.need(which)
    if found is not None and not (isinstance(found, NeedState) and found.terms.handlekommune in caller.municipalities):
        return [reason("need_not_found", "source_reference" if which.name else None)]
    return may_act_for(caller, command.draft.handlekommune, "handlekommune") if isinstance(command, ReplaceNeed) else []
