"""A proposal of who might have which place, and its JSON document; `assignment_text` is the same for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.priority import priority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.matching.domain.assignment_costs import Comparison, NeedCosts, PlaceCosts
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.reference import Municipality
    from shared.contracts.vacancy import Vacancy
    from shared.priority import Priority

NOTICE_DA: Final = "Et forslag, ingen afgørelse: et menneske beslutter, og intet sker af sig selv."
NOTICE_EN: Final = "A proposal, no decision: a person decides, and nothing is acted upon."


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two choices for the needs of one kommune on a day, and what they rest on. Needs are pseudonyms; no text about a citizen is here."""

    municipality: Municipality
    section: str | None
    terms: Terms
    needs: Mapping[str, NeedProfile]
    vacancies: Mapping[str, Vacancy]
    costs: Comparison
    unreadable: int

    def as_json(self) -> dict[str, Any]:
        return {
            "notice_da": NOTICE_DA,
            "notice_en": NOTICE_EN,
            "municipality": self.municipality.code,
            "section": self.section,
            "day": self.terms.today,
            "policy": self.terms.policy_hash,
            "policy_version": self.terms.policy.version,
            "unreadable": self.unreadable,
            "total": {
                "needs": len(self.costs.needs),
                "recommended": asdict(self.costs.recommended),
                "by_turns": asdict(self.costs.by_turns),
            },
            "needs": [self._need_json(number, one) for number, one in enumerate(self.costs.needs, start=1)],
            "places": [self._place_json(one) for one in self.costs.places],
        }

    def _need_json(self, number: int, one: NeedCosts) -> dict[str, Any]:
        stands = self.priority_of(one.need_id)
        reason = "outcompeted" if one.outcompeted_by else "no_place_fits" if one.best is None else None
        return {
            "need_id": one.need_id,
            "case": self.needs[one.need_id].case,
            "in_queue": number,
            "priority": {
                "points": stands.total,
                "parts": stands.points,
                "waiting_days": stands.waiting_days,
                "days_left": stands.days_left,
            },
            "best": None if one.best is None else asdict(one.best),
            "recommended": asdict(one.recommended),
            "by_turns": asdict(one.by_turns),
            "nothing_because": reason,
            "outcompeted_by": [asdict(holder) for holder in one.outcompeted_by],
        }

    def _place_json(self, one: PlaceCosts) -> dict[str, Any]:
        place = self.vacancies[one.vacancy_id]
        return {
            "vacancy_id": one.vacancy_id,
            "offer_name": place.offer_name,
            "places_free": place.places_free,
            "counted_as": one.free,
            "candidates": one.candidates,
            "scarce": one.is_scarce,
            "recommended": asdict(one.recommended),
            "by_turns": asdict(one.by_turns),
        }

    def priority_of(self, need_id: str) -> Priority:
        return priority(self.needs[need_id], self.terms.today, self.terms.policy.priority)
