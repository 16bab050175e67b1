"""From a command and what is stored to an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from services.intake.domain import needs, offers, vacancies
from services.intake.domain.commands import (
    CloseNeed,
    CloseVacancy,
    ConfirmVacancy,
    CountTruth,
    EraseNeed,
    EraseVacancy,
    ExpireVacancy,
    Named,
    PatchVacancy,
    PostNeed,
    PostVacancy,
    PutOffer,
    RemindVacancy,
    ReplaceNeed,
    ReplaceVacancy,
    RuleOut,
)
from services.intake.domain.outcomes import Outcome, Rejected, rejected
from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, VacancyState
from services.intake.domain.targets import need_name, vacancy_name, which_need, which_vacancy
from services.intake.domain.vacancies import Sent

if TYPE_CHECKING:
    from services.intake.domain.books import Books
    from services.intake.domain.commands import Command, NeedChange, VacancyChange, WayIn
    from services.intake.domain.freshness import Moment
    from shared.contracts.drafts import NeedDraft, VacancyDraft


def decide(command: Command, books: Books, moment: Moment) -> Outcome:
    """Say what becomes of a command; the books are not written."""
    match command:
        case PutOffer(offer_id, draft):
            return offers.register(offer_id, draft, books.offers.get(offer_id))
        case CountTruth(offer_id, truth):
            known_offer = books.offers.get(offer_id)
            return offers.count_truth(known_offer, truth) if known_offer else rejected("offer_not_found", "offer_id")
        case PostVacancy():
            return _post_vacancy(command, books, moment)
        case PostNeed():
            return _post_need(command, books, moment)
        case ReplaceNeed() | CloseNeed() | RuleOut() | EraseNeed():
            need = _need(books, which_need(command))
            return need if isinstance(need, Rejected) else _change_need(command, need, books, moment)
        case _:
            vacancy = _vacancy(books, which_vacancy(command))
            return vacancy if isinstance(vacancy, Rejected) else _change_vacancy(command, vacancy, books, moment)


def _change_vacancy(  # noqa: PLR0911 - a table: one return per command
    command: VacancyChange, before: VacancyState, books: Books, moment: Moment
) -> Outcome:
    match command:
        case ReplaceVacancy(_, draft, came_in_by):
            if draft.reference not in {None, before.reference}:
                return rejected("reference_fixed", "reference")
            return _restate(before, draft, came_in_by, books, moment)
        case PatchVacancy():
            return _patch(command, before, books, moment)
        case CloseVacancy():
            return vacancies.close(before, command.reason)
        case ConfirmVacancy():
            return vacancies.confirm(before, moment)
        case RemindVacancy():
            return vacancies.remind(before, moment)
        case ExpireVacancy():
            return vacancies.expire(before, moment)
        case EraseVacancy():
            return vacancies.erase(before)
        case _:
            assert_never(command)


def _change_need(command: NeedChange, before: NeedState, books: Books, moment: Moment) -> Outcome:
    match command:
        case ReplaceNeed():
            return _replace_need(before, command, books, moment)
        case CloseNeed():
            return needs.close(before, command.reason)
        case RuleOut(_, place):
            return needs.rule_out(before, place)
        case EraseNeed():
            return needs.erase(before)
        case _:
            assert_never(command)


def _post_vacancy(command: PostVacancy, books: Books, moment: Moment) -> Outcome:
    draft = command.draft
    known = books.vacancy(vacancy_name(command))
    if isinstance(known, VacancyState):
        return _restate(known, draft, command.came_in_by, books, moment)
    offer = books.offers.get(draft.offer_id)
    if offer is None:
        return rejected("offer_not_found", "offer_id")
    return vacancies.announce(command.new_id, draft, offer, Sent(command.sender, draft.reference, command.came_in_by), moment)


def _post_need(command: PostNeed, books: Books, moment: Moment) -> Outcome:
    known = books.need(need_name(command.draft))
    if not isinstance(known, NeedState):
        return needs.register(command.new_id, command.draft, moment)
    return _restate_need(known, command.draft, command.keeps, moment)


def _restate_need(before: NeedState, draft: NeedDraft, keeps: frozenset[str], moment: Moment) -> Outcome:
    kept = {name: getattr(before.terms, name) for name in keeps}
    return needs.restate(before, draft.model_copy(update=kept) if kept else draft, moment)


def _replace_need(before: NeedState, command: ReplaceNeed, books: Books, moment: Moment) -> Outcome:
    """State it anew, also for another kommune, where its reference must be free: it is the need's name there."""
    draft, reference = command.draft, before.source_reference
    if draft.source_reference not in {None, reference}:
        return rejected("reference_fixed", "source_reference")
    there = books.need(Named(name=(draft.handlekommune, reference))) if reference is not None else None
    if there is not None and there.entity_id != before.entity_id:
        return rejected("reference_taken", "handlekommune")
    return _restate_need(before, draft, command.keeps, moment)


def _restate(before: VacancyState, draft: VacancyDraft, came_in_by: WayIn, books: Books, moment: Moment) -> Outcome:
    offer = books.offers.get(before.vacancy.offer_id)
    if offer is None:
        return rejected("offer_not_found", "offer_id")
    return vacancies.restate(before, draft, offer, Sent(before.sender, before.reference, came_in_by), moment)


def _patch(command: PatchVacancy, before: VacancyState, books: Books, moment: Moment) -> Outcome:
    if before.vacancy.status == "closed":
        return rejected("vacancy_closed")
    draft = command.merge(before.vacancy.offer_id, before.terms)
    return draft if isinstance(draft, Rejected) else _restate(before, draft, command.came_in_by, books, moment)


def _vacancy(books: Books, which: Named) -> VacancyState | Rejected:
    match books.vacancy(which):
        case VacancyState() as found:
            return found
        case ErasedVacancy():
            return rejected("vacancy_erased")
        case None:
            return rejected("vacancy_not_found", "reference" if which.name else None)


def _need(books: Books, which: Named) -> NeedState | Rejected:
    match books.need(which):
        case NeedState() as found:
            return found
        case ErasedNeed():
            return rejected("need_erased")
        case None:
            return rejected("need_not_found", "source_reference" if which.name else None)
