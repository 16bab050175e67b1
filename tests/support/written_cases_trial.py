"""A hand-written case, tried: by the rules as they are read, by the columns, and by the words of the explanation."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from services.intake.domain.outcomes import Rejected
from services.intake.reading import read_draft
from services.matching.domain.explaining import explain
from services.matching.domain.terms import Terms
from services.matching.state import MatchingState
from shared.contracts.drafts import NeedDraft
from shared.contracts.settings import Policy
from tests.support.written_cases import Case, Expected, Moment, Wish
from tests.support.written_cases_reading import WrongEntryError
from tests.support.written_cases_words import UNKNOWNS

_DANISH = {code: name for name, code in UNKNOWNS.items()}

Told = Mapping[str, Any]
"""What `explain` says of a place."""


def faults(case: Case, file: Path, policy: Policy) -> list[str]:
    """Give what is not as expected, each with case and line; nothing where all is."""
    found = list(_faults_of_intake(case))
    for state, moment in _lived_through(case, policy):
        for wish in moment.wishes:
            found += _faults_of(wish, moment, state)
    return [str(one.in_case(file, case.name)) for one in found]


def _lived_through(case: Case, policy: Policy) -> Iterator[tuple[MatchingState, Moment]]:
    """Let one state of matching live through the moments of a case, as a worker would."""
    state: MatchingState | None = None
    for moment in case.moments:
        terms = Terms(policy, moment.day)
        if state is None:
            state = MatchingState(terms)
        elif state.terms.today != moment.day:
            state.make_live(state.change_terms(terms))
        state.change_vacancies({one.vacancy_id: one for one in moment.places.values()})
        state.put_needs([wish.need for wish in moment.wishes], live=True)
        yield state, moment


def _faults_of(wish: Wish, moment: Moment, state: MatchingState) -> Iterator[WrongEntryError]:
    told = {name: explain(wish.need, place, state.terms) for name, place in moment.places.items()}
    names = {place.vacancy_id: name for name, place in moment.places.items()}
    ranked = sorted((-one["score"], moment.places[name].vacancy_id) for name, one in told.items() if one["proposed"])
    in_columns = {names[place.vacancy_id]: place for place in state.places(wish.need.need_id)}
    yield from _wrong_order(wish, [names[vacancy_id] for _, vacancy_id in ranked], ("reglerne", "the rules"), told)
    yield from _wrong_order(wish, list(in_columns), ("kolonnerne", "the columns"), told)
    for expected in (*wish.proposed, *wish.others):
        yield from _faults_of_place(expected, told[expected.place])
    for name, place in in_columns.items():
        parts = {part["code"]: part["points"] for part in told[name]["parts"]}
        same = (place.score, dict(place.points), list(place.unknown)) == (told[name]["score"], parts, told[name]["unknown"])
        if not same or sum(parts.values()) != place.score:
            da, en = "kolonnerne og reglerne giver ikke de samme point", "the columns and the rules do not give the same points"
            yield WrongEntryError(wish.line, f"{name}: {da}.", f"{name}: {en}.")


def _wrong_order(wish: Wish, order: list[str], who: tuple[str, str], told: Mapping[str, Told]) -> Iterator[WrongEntryError]:
    expected = [one.place for one in wish.proposed]
    if order == expected:
        return
    facts = "".join(f" {name}: {told[name]['score']} point." for name in (*expected, *order) if name in told)
    yield WrongEntryError(
        wish.proposed[0].line if wish.proposed else wish.line,
        f"ventede {_listed(expected)}, men {who[0]} foreslår {_listed(order)}.{facts}",
        f"expected {_listed(expected, 'none')}, but {who[1]} propose {_listed(order, 'none')}.",
    )


def _faults_of_place(expected: Expected, told: Told) -> Iterator[WrongEntryError]:
    def wrong(da: str, en: str) -> WrongEntryError:
        return WrongEntryError(expected.line, f"{expected.place}: {da}", f"{expected.place}: {en}")

    failed = sorted(one["code"] for one in told["failed"])
    if failed != sorted(expected.rules):
        reasons = "".join(f" {one['text_da']}" for one in told["failed"])
        yield wrong(
            f"ventede reglerne {_in_danish(expected.rules)}, men det er {_in_danish(failed)}.{reasons}",
            f"expected the rules {_listed(expected.rules, 'none')}, but it is {_listed(failed, 'none')}.",
        )
    if expected.points not in (None, told["score"]):
        parts = "".join(f" {part['points']} af {part['max']}: {part['text_da']}" for part in told["parts"])
        yield wrong(
            f"ventede {expected.points} point, men det er {told['score']}.{parts}",
            f"expected {expected.points} points, but it is {told['score']}.",
        )
    if expected.unknown is not None and sorted(expected.unknown) != sorted(told["unknown"]):
        yield wrong(
            f"ventede ukendt {_in_danish(expected.unknown)}, men det er {_in_danish(told['unknown'])}.",
            f"expected unknown {_listed(expected.unknown, 'none')}, but it is {_listed(told['unknown'], 'none')}.",
        )
    texts = _texts(told)
    for because in expected.because:
        if because.casefold() not in texts.casefold():
            yield wrong(f"forklaringen siger ikke »{because}«. Den siger: {texts}", f"the explanation does not say »{because}«.")


def _texts(told: Told) -> str:
    """Put together what the explanation says in Danish, and what would help."""
    said = [one["text_da"] for name in ("failed", "parts", "unknown_texts", "labels") for one in told[name]]
    return " ".join([*said, *(one["change"]["text_da"] for one in told["failed"] if one["change"])])


def _faults_of_intake(case: Case) -> Iterator[WrongEntryError]:
    """Hand the first need to intake as a caseworker would, where the case says what intake answers."""
    if not case.refusal:
        return
    need = case.moments[0].wishes[0].need
    draft = need.model_dump(mode="json", include={"handlekommune", "sections", "primary_target_group", "birth_year"})
    answer = read_draft(NeedDraft, orjson.dumps(draft | {"source_reference": "sag-1"}))
    said = " ".join(one.text_da for one in answer.reasons) if isinstance(answer, Rejected) else "ja"
    for text in case.refusal:
        if text.casefold() not in said.casefold():
            yield WrongEntryError(case.line, f"intake svarer ikke »{text}«, men: {said}", f"intake does not answer »{text}«.")


def _in_danish(codes: Sequence[str]) -> str:
    return _listed([_DANISH[code] for code in codes])


def _listed(names: Sequence[str], none: str = "ingen") -> str:
    return ", ".join(names) if names else none
