"""`ledigplads assign`: which of a kommune's needs might have which place, as a proposal beside taking turns."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from deploy.cli import assignment_text, output
from deploy.cli.assignment import Proposal
from deploy.cli.exits import OK, UsageError
from deploy.cli.log_state import read_state
from deploy.cli.stack_state import find_stack
from services.matching.domain.assignment_costs import compare
from services.matching.domain.candidates import contest
from services.matching.domain.terms import Terms
from shared.contracts import reference

if TYPE_CHECKING:
    from deploy.cli.log_state import LogState
    from shared.contracts.need import NeedProfile
    from shared.contracts.reference import Municipality

_DENMARK = ZoneInfo("Europe/Copenhagen")


async def assign(
    kommune: str, *, section: str | None = None, at: str | None = None, json: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """Foreslå, hvem der kan få hvilken plads. Propose who might have which place, where there are fewer places than people.

    A proposal: a person decides, and nothing is acted upon. It reads the log, so nobody is asked and nothing is changed. Two choices
    stand side by side: the recommended one (as many as possible have a place, nobody is left out for somebody behind them in the queue,
    then the most points), and taking turns (each in the order of the queue has the best place left); and what each costs whom.
    See docs/guides/assign.md.

    Parameters
    ----------
    kommune
        The kommune that has the case: its name or its four digits.
    section
        Only needs that would do with this section, and places under it, e.g. SEL-107.
    at
        The day, or a moment, that waiting, deadlines, ages and dates are counted on; the places are those of now. The day that intake
        has published, unless said.
    json
        One JSON document.
    """
    municipality = _municipality(kommune)
    wanted = None if section is None else _section(section)
    day = None if at is None else _day(at)

    def belongs(need: NeedProfile) -> bool:
        sections = {one.section for one in need.sections}
        return need.handlekommune == municipality.code and (wanted is None or wanted in sections)

    state = await read_state(find_stack(), keep=belongs)
    proposal = _propose(state, municipality, wanted, day or state.today)
    if json:
        output.document(proposal.as_json())
    else:
        assignment_text.show(proposal)
    return OK


def _propose(state: LogState, municipality: Municipality, section: str | None, day: date) -> Proposal:
    terms = Terms(state.policy, day)
    vacancies = {key: place for key, place in state.vacancies.items() if section is None or section in place.sections}
    costs = compare(contest(list(state.needs.values()), list(vacancies.values()), terms))
    return Proposal(municipality, section, terms, state.needs, vacancies, costs, state.unreadable)


def _municipality(given: str) -> Municipality:
    known = reference.municipalities()
    plain = given.casefold().removesuffix(" kommune").strip()
    for one in known.values():
        if plain in {one.code, one.code.lstrip("0"), one.label_da.casefold(), one.label_en.casefold()}:
            return one
    near = [f"{known[code].label_da} ({code})" for code in reference.nearest(plain, "municipalities", _now().date())]
    raise UsageError(f"There is no kommune {given}{_or(near)}: say its name or its four digits.")


def _section(given: str) -> str:
    known = {code.casefold(): code for code in reference.sections()}
    if given.casefold() in known:
        return known[given.casefold()]
    raise UsageError(f"There is no section {given}{_or(reference.nearest(given, 'sections', _now().date()))}.")


def _day(given: str) -> date:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise UsageError(f"{given} is no day and no moment: say 2026-11-25, or 2026-11-25T08:00+01:00.") from error
    return moment.date() if moment.tzinfo is None else moment.astimezone(_DENMARK).date()


def _or(near: list[str] | tuple[str, ...]) -> str:
    return f"; the nearest are {', '.join(near)}" if near else ""


def _now() -> datetime:
    return datetime.now(_DENMARK)
