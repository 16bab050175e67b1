"""The seeded market: offers, vacancies and needs without end, each made by its number alone.

Nothing is kept, so a million is a matter of time and not of memory; the same seed, prefix and day give the same drafts on
every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from deploy.simulate.needs import change_need, make_need
from deploy.simulate.offers import Offer, make_offer
from deploy.simulate.vacancies import change_vacancy, make_vacancy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from shared.contracts.drafts import NeedDraft, VacancyDraft


@dataclass(frozen=True, slots=True)
class Generator:
    """A market of its own: everything in it follows from these three."""

    seed: int
    prefix: str
    """Of offer ids and references: two markets with different prefixes never meet."""
    day: date
    """What dates are reckoned from."""
    offers_in_all: int | None = None
    """So many offers have all the vacancies; None: an offer has one or two."""

    def offer(self, number: int) -> Offer:
        return make_offer(self.seed, self.prefix, number)

    def vacancy(self, number: int, revision: int = 0) -> VacancyDraft:
        """Make a vacancy as it stood at its nth change; 0 is how it was first posted."""
        draft = make_vacancy(self.seed, self.prefix, number, self.offer(self.offer_of(number)), self.day)
        return change_vacancy(self.seed, number, draft, revision) if revision else draft

    def need(self, number: int, revision: int = 0) -> NeedDraft:
        """Make a need as it stood at its nth change; 0 is how it was first registered."""
        draft = make_need(self.seed, self.prefix, number, self.day)
        return change_need(self.seed, number, draft, revision) if revision else draft

    def offers(self, start: int = 0) -> Iterator[Offer]:
        return (self.offer(number) for number in count(start))

    def offer_of(self, vacancy: int) -> int:
        """Say whose a vacancy is: of four in a row, two are of one offer."""
        number = vacancy * 3 // 4
        return number if self.offers_in_all is None else number % self.offers_in_all

    def vacancies(self, start: int = 0) -> Iterator[VacancyDraft]:
        return (self.vacancy(number) for number in count(start))

    def needs(self, start: int = 0) -> Iterator[NeedDraft]:
        return (self.need(number) for number in count(start))
