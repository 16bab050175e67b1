"""Cases for tests that share one road: a caseworker, an offer and a target group that no other test has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.contracts import reference

if TYPE_CHECKING:
    from tests.support.road import Road

# The same spot in both of intake's systems of coordinates, so that the way there is short.
_AT_THE_OFFER = {"latitude": 56.15, "longitude": 10.2}
_AT_HOME = {"kind": "home", "easting_m": 574_549, "northing_m": 6_223_423}


@dataclass(frozen=True, slots=True)
class Case:
    """One caseworker with one need's worth of the market to himself."""

    road: Road
    number: int

    @property
    def person(self) -> str:
        return f"caseworker-{self.number}"

    @property
    def mail(self) -> str:
        return f"{self.person}@kommune.test"

    @property
    def offer(self) -> str:
        return f"offer-{self.number}"

    @property
    def target_group(self) -> str:
        return sorted(reference.target_groups())[self.number]

    @property
    def services(self) -> list[str]:
        return sorted(reference.services())[:2]

    def vacancy(self, **other: Any) -> dict[str, Any]:
        """The draft of a place that fits `need()` in everything."""
        return {
            "offer_id": self.offer,
            "title_da": "Plads på værkstedet",
            "sections": ["SEL-104"],
            "target_groups": [self.target_group],
            "services": self.services,
            "age_from": 18,
            "age_to": 65,
            "gender_rule": "everyone",
            "places_free": 1,
            "places_total": 12,
        } | other

    def need(self, **other: Any) -> dict[str, Any]:
        """The draft of a need that `vacancy()` fits in everything."""
        return {
            "handlekommune": "0751",
            "caseworker": self.person,
            "sections": [{"section": "SEL-104"}],
            "primary_target_group": self.target_group,
            "birth_year": 1990,
            "services": self.services,
            "points_of_reference": [_AT_HOME],
        } | other

    async def begin(self) -> None:
        """Put in what the case stands on: the caseworker's mail address, and the offer."""
        person = {"mail": self.mail, "municipality": "0751"}
        put = self.road.notifications.client.put(f"/notifications/operator/people/{self.person}", json=person)
        (await put).raise_for_status()
        await self.open_offer(self.offer)

    async def open_offer(self, offer_id: str) -> None:
        offer = {"name": offer_id, "municipality": "0751", "point": _AT_THE_OFFER}
        (await self.road.intake.client.put(f"/offers/{offer_id}", json=offer)).raise_for_status()

    async def post_need(self, **other: Any) -> str:
        answer = await self.road.intake.client.post("/needs", json=self.need(**other))
        return str(answer.raise_for_status().json()["need_id"])

    async def post_vacancy(self, correlation_id: str | None = None, **other: Any) -> str:
        headers = {"X-Correlation-Id": correlation_id} if correlation_id else {}
        answer = await self.road.intake.client.post("/vacancies", json=self.vacancy(**other), headers=headers)
        return str(answer.raise_for_status().json()["vacancy_id"])
