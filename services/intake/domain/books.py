"""What is stored about everything that a batch of commands names; a later command sees what an earlier one did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, OfferState, VacancyState

if TYPE_CHECKING:
    from services.intake.domain.commands import Named
    from services.intake.domain.conditions import Position
    from services.intake.domain.states import State


@dataclass(slots=True)
class Books:
    """Opened for one transaction, with the rows locked."""

    offers: dict[str, OfferState] = field(default_factory=dict)
    vacancies: dict[str, VacancyState | ErasedVacancy] = field(default_factory=dict)
    needs: dict[str, NeedState | ErasedNeed] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    _vacancy_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    _need_ids: dict[tuple[str, str], str] = field(default_factory=dict)

    def position(self, state: State) -> Position | None:
        """Give (epoch, version) of a state that is stored; None: it was made in this transaction and has no epoch yet."""
        epoch = self.epochs.get(state.entity_id)
        return None if epoch is None else (epoch, state.version)

    def write(self, state: State) -> None:
        """Enter a state, read from the store or just decided on."""
        match state:
            case OfferState():
                self.offers[state.entity_id] = state
            case VacancyState():
                self.vacancies[state.entity_id] = state
                if state.reference is not None:
                    self._vacancy_ids[state.sender, state.reference] = state.entity_id
            case NeedState():
                self.needs[state.entity_id] = state
                if state.source_reference is not None:
                    self._need_ids[state.terms.handlekommune, state.source_reference] = state.entity_id
            case ErasedVacancy():
                self.vacancies[state.entity_id] = state
            case ErasedNeed():
                self.needs[state.entity_id] = state
            case _:
                assert_never(state)

    def vacancy(self, which: Named) -> VacancyState | ErasedVacancy | None:
        """Look a vacancy up by its id or its sender's name for it; an erased one has no name any more."""
        if which.entity_id is not None:
            return self.vacancies.get(which.entity_id)
        found = self.vacancies.get(self._vacancy_ids.get(which.name, "")) if which.name else None
        return found if isinstance(found, VacancyState) else None

    def need(self, which: Named) -> NeedState | ErasedNeed | None:
        """Look a need up by its id or its municipality's name for it; an erased one has no name any more."""
        if which.entity_id is not None:
            return self.needs.get(which.entity_id)
        found = self.needs.get(self._need_ids.get(which.name, "")) if which.name else None
        return found if isinstance(found, NeedState) else None
