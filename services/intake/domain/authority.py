"""Who may do what: the one place that says so, whichever way a wish came in.

A partner's system may send the kinds that it was given, for the offers that are its own, and needs for the municipalities that
were declared for it. None declared is none. Until people log in, everybody else may do everything.
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
    """Somebody who has not said who he is, or intake itself: may do everything until identity comes."""


@dataclass(frozen=True, slots=True)
class PartnerCaller:
    """A partner's system."""

    partner: Partner


Caller: TypeAlias = Anyone | PartnerCaller

ANYONE: Final = Anyone()


def may_send(caller: Caller, kind: SubmissionKind, field: str | None = None) -> list[Reason]:
    """Refuse a kind that was not given."""
    return [reason("kind_not_granted", field)] if isinstance(caller, PartnerCaller) and kind not in caller.partner.kinds else []


def may_speak_for(caller: Caller, offer_id: str | None, field: str | None) -> list[Reason]:
    """Refuse what is about another's offer."""
    mine = not isinstance(caller, PartnerCaller) or offer_id in caller.partner.offers
    return [] if mine else [reason("offer_not_yours", field)]


def may_act_for(caller: Caller, municipality: str | None, field: str | None) -> list[Reason]:
    """Refuse a need of a municipality that was not declared."""
    mine = not isinstance(caller, PartnerCaller) or municipality in caller.partner.municipalities
    return [] if mine else [reason("municipality_not_yours", field)]


def may_see_needs_of(caller: Caller, municipality: str | None) -> bool:
    """Say whether a need of a municipality may be told."""
    return not may_send(caller, "need") and not may_act_for(caller, municipality, None)


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
    if not isinstance(caller, PartnerCaller):
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


def _vacancy_refusals(caller: PartnerCaller, command: VacancyChange, books: Books) -> list[Reason]:
    which = which_vacancy(command)
    field = "reference" if which.name else "vacancy_id"
    match books.vacancy(which):
        case VacancyState(vacancy=found):
            return may_speak_for(caller, found.offer_id, field)
        case ErasedVacancy(offer_id=offer_id):
            return may_speak_for(caller, offer_id, field)
        case None:
            return []


def _need_refusals(caller: PartnerCaller, command: NeedChange, books: Books) -> list[Reason]:
    """Another municipality's need is not there for a partner: unlike a vacancy, that it exists is nobody's business."""
    which = which_need(command)
    if which.name and (refused := may_act_for(caller, which.name[0], "handlekommune")):
        return refused
    found = books.need(which)
    if found is not None and not (isinstance(found, NeedState) and found.terms.handlekommune in caller.partner.municipalities):
        return [reason("need_not_found", "source_reference" if which.name else None)]
    return may_act_for(caller, command.draft.handlekommune, "handlekommune") if isinstance(command, ReplaceNeed) else []
