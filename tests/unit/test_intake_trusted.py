"""What intake makes of values that it has validated before is byte for byte what it would be if they were validated again."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.simulate.generator import Generator
from services.intake.domain.freshness import Freshness, Moment, Validity
from services.intake.domain.offers import register
from services.intake.domain.outcomes import Accepted
from services.intake.domain.sites import stated
from services.intake.domain.states import OfferState, VacancyState
from services.intake.domain.vacancies import Sent, announce
from shared.contracts.common import trusted
from shared.contracts.drafts import VacancyDraft
from shared.contracts.vacancy import StatedVacancy, Vacancy

MARKET = Generator(7, "trusted", datetime(2026, 11, 25, tzinfo=UTC).date(), offers_in_all=20)
"""Some of its offers are crisis centres, whose address is protected."""
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MOMENT = Moment(NOW, Freshness(Validity(timedelta(days=30), timedelta(days=5)), timedelta(hours=24), timedelta(days=30)))


@pytest.mark.parametrize("number", range(200))
def test_a_published_vacancy_is_the_same_when_it_is_validated_again(number: int) -> None:
    made = MARKET.offer(MARKET.offer_of(number))
    offer = register(made.offer_id, made.draft, None)
    draft = VacancyDraft.model_validate_json(MARKET.vacancy(number).model_dump_json())
    assert isinstance(offer, Accepted)
    assert isinstance(offer.state, OfferState)
    outcome = announce("vacancy-1", draft, offer.state, Sent("sender", draft.reference, "sheet"), MOMENT)

    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.state, VacancyState)
    published = outcome.state.vacancy
    assert Vacancy.model_validate(dict(published)).model_dump_json() == published.model_dump_json()
    assert Vacancy.model_validate_json(published.model_dump_json()).model_dump_json() == published.model_dump_json()
    terms = StatedVacancy.model_construct(**{name: getattr(stated(draft), name) for name in StatedVacancy.model_fields})
    assert outcome.state.stated == terms.model_dump_json().encode()


def test_a_field_that_is_not_given_has_its_default_in_its_place() -> None:
    given = {"title_da": "Plads", "offer_id": "no field of this model"}
    assert trusted(StatedVacancy, given).model_dump_json() == StatedVacancy(title_da="Plads").model_dump_json()
