"""What is said of distance and price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain.prices import PRICE_UNIT
from services.matching.domain.words.saying import METRES_A_KM, Reason, Words, km, reason, up_to_whole

if TYPE_CHECKING:
    from services.matching.domain.prices import PriceRange
    from services.matching.domain.water import Way


def distance_unknown(limit_km: int) -> Words:
    return Words(
        f"Afstanden kan ikke regnes ud (et punkt mangler); grænsen er {limit_km} km.",
        f"The distance cannot be worked out (a point is missing); the limit is {limit_km} km.",
    )


def way_said(way: Way) -> Words:
    """Say how far it is: a straight line as such; a way over water as the estimate that it is, with the water's part of it."""
    whole = km(way.metres)
    if way.crossing is None:
        return Words(f"{whole.da} i luftlinje", f"{whole.en} in a straight line")
    extra = km(way.extra_m)
    return Words(
        f"ca. {whole.da}, heraf {extra.da} omvej om vand (skøn; {way.crossing.text_da})",
        f"about {whole.en}, of which {extra.en} for the way round the water (an estimate; {way.crossing.text_en})",
    )


def too_far(way: Way, limit_km: int) -> Reason:
    enough, said = up_to_whole(way.metres, METRES_A_KM), way_said(way)
    return reason(
        f"{said.da}; grænsen er {limit_km} km.",
        f"{said.en}; the limit is {limit_km} km.",
        f"Sæt afstandsgrænsen op til {enough} km",
        f"Raise the distance limit to {enough} km",
    )


def price_unknown(price: PriceRange, ceiling_dkk: int) -> Words:
    if price.lowest is None or price.highest is None:
        return Words(
            f"Prisen pr. måned er ikke oplyst; loftet er {ceiling_dkk} kr.",
            f"What a month costs is not stated; the ceiling is DKK {ceiling_dkk}.",
        )
    least, most = up_to_whole(price.lowest, PRICE_UNIT), up_to_whole(price.highest, PRICE_UNIT)
    more = ("", "") if not price.open_above else (" eller mere", " or more")
    return Words(
        f"Prisen pr. måned er ikke oplyst entydigt ({least}-{most} kr.{more[0]}); loftet er {ceiling_dkk} kr.",
        f"What a month costs is not stated without doubt (DKK {least}-{most}{more[1]}); the ceiling is DKK {ceiling_dkk}.",
    )


def too_dear(lowest: int, ceiling_dkk: int) -> Reason:
    enough = up_to_whole(lowest, PRICE_UNIT)
    return reason(
        f"Mindst {enough} kr. pr. måned uden moms; loftet er {ceiling_dkk} kr.",
        f"At least DKK {enough} a month net of VAT; the ceiling is DKK {ceiling_dkk}.",
        f"Sæt loftet op til {enough} kr.",
        f"Raise the ceiling to DKK {enough}",
    )
