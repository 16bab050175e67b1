"""Who may do what, command by command: a partner to whom nothing was given may do nothing."""

from typing import Any, get_args

import pytest

from services.intake.domain import commands
from services.intake.domain.authority import ANYONE, PartnerCaller, refusals
from services.intake.domain.books import Books
from services.intake.domain.commands import Command, Named
from services.intake.domain.conditions import Condition, entity_tag
from services.intake.domain.partners import Partner
from services.intake.domain.states import ErasedNeed
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.need import RuledOut
from tests.support.intake import NEED, OFFER, VACANCY

_GIVEN: dict[str, Any] = {
    "offer_id": "skovly",
    "vacancy_id": "v-1",
    "need_id": "n-1",
    "new_id": "x-1",
    "sender": "nobody",
    "came_in_by": "http",
    "which": Named("v-1"),
    "reason": "filled",
    "place": RuledOut(vacancy_id="v-1", reason="declined_by_citizen"),
    "merge": lambda _offer_id, _terms: None,
    "truth": None,
}
_DRAFTS = {
    commands.PutOffer: OfferDraft.model_validate(OFFER),
    commands.PostVacancy: VacancyDraft.model_validate(VACANCY),
    commands.ReplaceVacancy: VacancyDraft.model_validate(VACANCY),
    commands.PostNeed: NeedDraft.model_validate(NEED),
    commands.ReplaceNeed: NeedDraft.model_validate(NEED),
}


def of(kind: type[Any]) -> Command:
    """Make a command of a kind, whatever its fields are."""
    given = _GIVEN | ({"draft": _DRAFTS[kind]} if kind in _DRAFTS else {})
    made: Command = kind(**{name: given[name] for name in kind.__dataclass_fields__ if name in given})
    return made


@pytest.mark.parametrize("kind", get_args(Command), ids=lambda kind: kind.__name__)
def test_a_partner_to_whom_nothing_was_given_may_do_nothing(kind: type[Any]) -> None:
    nobody = PartnerCaller(Partner("nobody", frozenset(), frozenset()))
    assert refusals(nobody, of(kind), Books())
    assert refusals(ANYONE, of(kind), Books()) == []


def test_conditions_hold_of_what_is_stored() -> None:
    tag = entity_tag((2, 7))
    assert tag == '"2.7"'
    assert Condition().holds(None)
    assert Condition(match=frozenset({tag})).holds((2, 7))
    assert not Condition(match=frozenset({tag})).holds((1, 7))
    assert not Condition(match="*").holds(None)
    assert Condition(none_match="*").holds(None)
    assert not Condition(none_match="*").holds((1, 1))
    assert not Condition(none_match=frozenset({tag})).holds((2, 7))


@pytest.mark.parametrize("kind", [commands.ReplaceNeed, commands.CloseNeed, commands.RuleOut, commands.EraseNeed])
def test_who_may_send_no_needs_is_told_that_alone_whatever_there_is(kind: type[Any]) -> None:
    silent = PartnerCaller(Partner("silent", frozenset({"vacancy"}), frozenset()))
    books = Books(needs={"n-1": ErasedNeed("n-1", 2)})
    assert [reason.code for reason in refusals(silent, of(kind), books)] == ["kind_not_granted"]
