"""Which offer, vacancy or need a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.domain.commands import (
    CloseNeed,
    CloseVacancy,
    ConfirmVacancy,
    CountTruth,
    EraseNeed,
    Named,
    PostNeed,
    PostVacancy,
    PutOffer,
    ReplaceNeed,
    RuleOut,
)

if TYPE_CHECKING:
    from services.intake.domain.books import Books
    from services.intake.domain.commands import Command, NeedChange, VacancyChange
    from services.intake.domain.states import State
    from shared.contracts.drafts import NeedDraft


def which_vacancy(command: VacancyChange) -> Named:
    """Name the vacancy that is to be changed."""
    return command.which if isinstance(command, CloseVacancy | ConfirmVacancy) else Named(command.vacancy_id)


def which_need(command: NeedChange) -> Named:
    """Name the need that is to be changed."""
    return command.which if isinstance(command, CloseNeed) else Named(command.need_id)


def vacancy_name(command: PostVacancy) -> Named:
    """Name a vacancy as its sender does."""
    return Named(name=(command.sender, command.draft.reference)) if command.draft.reference is not None else Named()


def need_name(draft: NeedDraft) -> Named:
    """Name a need as its municipality does."""
    return Named(name=(draft.handlekommune, draft.source_reference)) if draft.source_reference is not None else Named()


def target_of(command: Command, books: Books) -> State | None:
    """Give what is stored of the thing that a command is about; None: it would be made."""
    match command:
        case PutOffer(offer_id) | CountTruth(offer_id):
            return books.offers.get(offer_id)
        case PostVacancy():
            return books.vacancy(vacancy_name(command))
        case PostNeed(draft):
            return books.need(need_name(draft))
        case ReplaceNeed() | CloseNeed() | RuleOut() | EraseNeed():
            return books.need(which_need(command))
        case _:
            return books.vacancy(which_vacancy(command))
