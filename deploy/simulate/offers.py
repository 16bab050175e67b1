"""Offers of the simulated market: what they are, where they lie, what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from deploy.simulate.chance import Chance
from deploy.simulate.market import Market, OpenDoors, Profile, SectionMarket, market
from shared.contracts import reference
from shared.contracts.drafts import OfferDraft

if TYPE_CHECKING:
    from collections.abc import Mapping

OPEN_DOOR = "open-door"


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer: what its vacancies have in common, and the draft that states it."""

    offer_id: str
    section: str | None
    """None: an open door."""
    profile: Profile | None
    private: bool
    draft: OfferDraft

    @property
    def market(self) -> SectionMarket | OpenDoors:
        assumed = market()
        return assumed.open_doors if self.section is None else assumed.sections[self.section]


@cache
def population() -> Mapping[str, int]:
    """Give the weight of each kommune."""
    people = market().people
    return {code: people.by_municipality.get(code, people.other_municipalities) for code in reference.municipalities()}


@cache
def _sections() -> Mapping[str, int]:
    assumed = market()
    weights = {section: part.vacancies.weight for section, part in assumed.sections.items()}
    return {**weights, OPEN_DOOR: assumed.open_doors.vacancies.weight}


@cache
def profiles_for(section: str) -> tuple[tuple[Profile, int], ...]:
    """Give the profiles that a section's places are for, weighted."""
    return tuple((profile, profile.sections[section]) for profile in market().profiles if section in profile.sections)


def make_offer(seed: int, prefix: str, number: int) -> Offer:
    """Make one offer, whatever was made before it."""
    chance = Chance(seed, f"offer/{number}")
    assumed = market()
    drawn = chance.weighted(_sections())
    section = None if drawn == OPEN_DOOR else drawn
    words = assumed.open_doors if section is None else assumed.sections[section]
    municipality = chance.weighted(population())
    profile = None if section is None else chance.weighted(profiles_for(section))
    offer_id = f"{prefix}-o{number:06d}"
    owner = chance.weighted(words.owners)
    protected = isinstance(words, SectionMarket) and words.protected
    kind = (chance.one(words.kinds),) if words.kinds else ()
    return Offer(
        offer_id=offer_id,
        section=section,
        profile=profile,
        private=owner == "private",
        draft=OfferDraft.model_validate(
            {
                "name": f"{chance.one(words.names)} {chance.one(assumed.second_names.words)}",
                "kinds": kind if section is None else (section, *kind),
                "sections": () if section is None else _offered_under(section, chance, assumed),
                "municipality": municipality,
                "location": point_in(municipality, chance),
                "address": None if protected else street_address(chance),
                "address_protected": protected,
                "ownership": owner,
                **(_registered(seed, number, municipality, section) if section else {}),
                "contact": contact(offer_id, number),
                "text_da": chance.one(words.texts).format(total=chance.between(4, 24)),
            }
        ),
    )


def _registered(seed: int, number: int, municipality: str, section: str) -> dict[str, object]:
    """Give what the register says: numbers that nobody has, since no CVR or P-number begins with 0, and approval where the law asks."""
    chance = Chance(seed, f"offer/{number}/register")
    register: dict[str, object] = {
        "registered": True,
        "cvr": f"{number + 1:08d}",
        "p_number": f"{number + 1:010d}",
        "register_id": f"demo-{number + 1}",
        "register_department_ids": [f"demo-{number + 1}-{department}" for department in range(1, chance.between(1, 3) + 1)],
    }
    if reference.sections()[section].supervision != "socialtilsyn":
        return register
    region = reference.municipalities()[municipality].regions[0].region
    places = market().sections[section].places_total
    stated = not chance.percent(market().habits.offer_approved_places_not_stated)
    return register | {
        "approved": True,
        "approval_authority": market().approval_authorities[region],
        "approved_places": chance.between(2, 4) * places.p90 if stated else None,
    }


def _offered_under(section: str, chance: Chance, assumed: Market) -> tuple[str, ...]:
    also = assumed.sections[section].also_under
    return (section, also.section) if also and chance.percent(also.percent) else (section,)


def contact(offer_id: str, number: int) -> dict[str, str]:
    """Give a contact that nobody has: no Danish number begins with 0, and .example belongs to no one."""
    return {"phone": f"+45 00 00 {number // 100 % 100:02d} {number % 100:02d}", "email": f"plads@{offer_id}.example"}


def street_address(chance: Chance) -> str:
    """Draw a street and a number."""
    return f"{chance.one(market().streets.words)} {chance.between(1, 98)}"


def point_in(municipality: str, chance: Chance) -> dict[str, int]:
    """Draw a point near the kommune's centroid: EPSG:25832, integer metres."""
    place, spread = reference.municipalities()[municipality], market().people.spread_m
    metres = spread.by_landsdel.get(place.landsdel, spread.other)
    return {"easting_m": chance.around(place.easting_m, metres), "northing_m": chance.around(place.northing_m, metres)}
