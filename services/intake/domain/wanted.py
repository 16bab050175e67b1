"""What a batch of commands names, so that all of it can be locked and read at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

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
from services.intake.domain.outcomes import Rejected
from services.intake.domain.targets import need_name, vacancy_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.intake.domain.commands import Command, Named


@dataclass(slots=True)
class Wanted:
    """Ids, and the names that senders give: (sender, reference) of a vacancy, (kommune, source reference) of a need."""

    offer_ids: set[str] = field(default_factory=set)
    changes_offers: bool = False
    vacancy_ids: set[str] = field(default_factory=set)
    vacancy_names: set[tuple[str, str]] = field(default_factory=set)
    need_ids: set[str] = field(default_factory=set)
    need_names: set[tuple[str, str]] = field(default_factory=set)
    need_moves: set[tuple[str, str]] = field(default_factory=set)
    """(need id, kommune that it is to have): another need there may have its reference."""


def wanted(commands: Iterable[Command | Rejected]) -> Wanted:
    """Collect what is named."""
    all_of_it = Wanted()
    for command in commands:
        _add(command, all_of_it)
    return all_of_it


def _add(command: Command | Rejected, to: Wanted) -> None:
    match command:
        case Rejected():
            pass
        case PutOffer() | CountTruth():
            to.changes_offers = True
            to.offer_ids.add(command.offer_id)
        case PostVacancy():
            to.offer_ids.add(command.draft.offer_id)
            _name(vacancy_name(command), to.vacancy_ids, to.vacancy_names)
        case CloseVacancy() | ConfirmVacancy():
            _name(command.which, to.vacancy_ids, to.vacancy_names)
        case ReplaceVacancy() | PatchVacancy() | RemindVacancy() | ExpireVacancy() | EraseVacancy():
            to.vacancy_ids.add(command.vacancy_id)
        case PostNeed():
            _name(need_name(command.draft), to.need_ids, to.need_names)
        case CloseNeed():
            _name(command.which, to.need_ids, to.need_names)
        case ReplaceNeed():
            to.need_ids.add(command.need_id)
            to.need_moves.add((command.need_id, command.draft.handlekommune))
        case RuleOut() | EraseNeed():
            to.need_ids.add(command.need_id)
        case _:
            assert_never(command)


def _name(named: Named, ids: set[str], names: set[tuple[str, str]]) -> None:
    if named.entity_id is not None:
        ids.add(named.entity_id)
    if named.name is not None:
        names.add(named.name)
