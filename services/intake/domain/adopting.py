"""Taking back what was published and is stored no more: a database from a backup learns from the log what came after it.

The published record does not hold all that was stated. What it says as before, is taken to be stated as before; the rest is taken
from the record. So an address that stays protected is kept where the backup has it, and is lost where it has not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.states import NeedState, OfferState, VacancyState
from services.intake.domain.vacancies import terms_json
from shared.contracts.need import StatedNeed
from shared.contracts.offer import OfferTerms
from shared.contracts.vacancy import StatedVacancy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.contracts.common import Contract
    from shared.contracts.need import NeedProfile
    from shared.contracts.offer import Offer
    from shared.contracts.vacancy import Vacancy

_SITE: Final = ("municipality", "location", "address")


def adopt_offer(published: Offer, before: OfferState | None) -> OfferState:
    """Take an offer back."""
    known = None if before is None else (before.offer, before.terms)
    return OfferState(published, OfferTerms.model_validate(_stated(OfferTerms, published, known)))


def adopt_vacancy(
    published: Vacancy,
    before: VacancyState | None,
    offer: OfferState | None,
    reference: tuple[str, str | None],
    remind_at: datetime | None,
) -> VacancyState:
    """Take a vacancy back.

    Args:
        published: the last record of it.
        before: as the backup has it.
        offer: whose it is; a place that lies where its offer lies, and is rung as its offer is, has stated nothing of that.
        reference: sender and its own name for the vacancy; the backup's own, if it has the vacancy, goes before.
        remind_at: when the offer is to be asked to confirm it.
    """
    stated = _stated(StatedVacancy, published, None if before is None else (before.vacancy, before.terms))
    if before is None:
        stated |= _site(published, offer)
        if offer is not None and published.contact == offer.offer.contact:
            stated["contact"] = None
    sender, name = reference if before is None else (before.sender, before.reference)
    terms = terms_json(StatedVacancy.model_validate(stated))
    asked = published.status != "open" or published.reminded_at is not None
    return VacancyState(published, terms, sender, name, None if asked else remind_at)


def adopt_need(published: NeedProfile, before: NeedState | None, source_reference: str | None) -> NeedState:
    """Take a need back; its exact points, consent and note are known only where the backup has them."""
    terms = _stated(StatedNeed, published, None if before is None else (before.need, before.terms))
    return NeedState(published, StatedNeed.model_validate(terms), source_reference if before is None else before.source_reference)


def _stated(terms: type[Contract], published: Contract, before: tuple[Contract, Contract] | None) -> dict[str, Any]:
    """Give what was stated, by the names of the contract; `before` is what was published and what was stated."""
    now: Mapping[str, Any] = published.model_dump()
    if before is None:
        return {name: now[name] for name in terms.model_fields if name in now}
    told, stated = before[0].model_dump(), before[1].model_dump()
    return {name: stated[name] if now.get(name) == told.get(name) else now[name] for name in terms.model_fields}


def _site(published: Vacancy, offer: OfferState | None) -> dict[str, Any]:
    site = {name: getattr(published, name) or None for name in _SITE}
    at_its_offer = offer is not None and site == {name: getattr(offer.offer, name) or None for name in _SITE}
    return dict.fromkeys(_SITE) if at_its_offer else {name: _dumped(value) for name, value in site.items()}


def _dumped(value: Any) -> Any:  # noqa: ANN401 - a field of a contract
    return value.model_dump() if hasattr(value, "model_dump") else value
