"""Open places in a worker's columns, and whole beside them."""

from collections.abc import Sequence
from typing import Any

from services.matching.domain.near_misses import NearMisses, OpenPlaces
from services.matching.domain.terms import Terms
from services.matching.state import MatchingState
from shared.contracts.need import NeedProfile
from shared.contracts.vacancy import Vacancy


class MarketOfPlaces:
    """Answers as a worker does, without its log."""

    def __init__(self, places: Sequence[Vacancy], terms: Terms) -> None:
        self.places = {place.vacancy_id: place for place in places}
        self.terms = terms
        self.state = MatchingState(terms)
        self.state.change_vacancies(self.places)

    def near_misses(self, one: NeedProfile, examples: int = 3) -> dict[str, Any]:
        observer = self.state.observer
        whole = OpenPlaces(observer.open, observer.matchable, lambda row: self.places[self.state.vacancy_at(row)[0]])
        return NearMisses(one, observer.look(one), whole, self.terms, examples=examples).told()
