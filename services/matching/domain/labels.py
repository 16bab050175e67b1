"""Labels inform and exclude nobody: free choice, the citizen's own municipality, places that become free later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain import facts
from services.matching.domain.prices import PRICE_UNIT, payer_of, price_range
from services.matching.domain.words import labels as words
from services.matching.domain.words.saying import up_to_whole

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.words.saying import Words
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

_PER_CENT: Final = 100


def labels(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> dict[str, Words]:
    """Give the labels of a pair by code."""
    found: dict[str, Words] = {}
    common = facts.common_sections(need, vacancy)
    decided = {wanted.section for wanted in need.sections if wanted.basis == "decided"} & common
    if decided:
        found["section_decided"] = words.section_decided(decided)
    elif common:
        found["section_expected"] = words.section_expected(common)
    if not common.isdisjoint(terms.policy.free_choice_sections):
        code, told = _free_choice(need, vacancy, terms)
        found[code] = told
    if vacancy.municipality and vacancy.municipality in facts.payers(need):
        found["own_municipality"] = words.own_municipality()
    if vacancy.available_from is not None and vacancy.available_from > terms.today:
        found["coming"] = words.coming(vacancy.available_from)
    return found


def _free_choice(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> tuple[str, Words]:
    """Compare with the reference place's price and what the law lets a place be dearer; in whole per cent of PRICE_UNITs."""
    reference_dkk = need.reference_price_dkk_per_month
    if reference_dkk is None:
        return "free_choice_unknown", words.free_choice_unknown(reference_known=False)
    price, percent = price_range(vacancy, payer_of(need), terms), _PER_CENT + terms.policy.free_choice_percent
    limit = reference_dkk * PRICE_UNIT * percent
    limit_dkk = reference_dkk * percent // _PER_CENT
    if price.highest is not None and not price.open_above and price.highest * _PER_CENT <= limit:
        return "inside_free_choice", words.inside_free_choice(limit_dkk)
    if price.lowest is not None and not price.open_below and price.lowest * _PER_CENT > limit:
        return "outside_free_choice", words.outside_free_choice(up_to_whole(price.lowest, PRICE_UNIT), limit_dkk)
    return "free_choice_unknown", words.free_choice_unknown(reference_known=True)
