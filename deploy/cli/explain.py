"""`ledigplads explain`: why a place fits a need, point by point, or every rule that says no; of a need alone, what it just misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import orjson
from cyclopts import Parameter
from cyclopts.validators import Number

from deploy.cli import near_misses, output
from deploy.cli.calling import CASEWORKER, client
from deploy.cli.exits import OK, CommandError, NotReachableError
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import AwayError, Intake, RefusedError, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

    from deploy.cli.stack_state import StackState
    from deploy.simulate.ways_in import Answer

_GONE = frozenset({404, 410})


async def explain(
    need: str,
    *,
    vacancy: str | None = None,
    examples: Annotated[int, Parameter(validator=Number(gte=1, lte=5))] = 3,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Vis hvorfor – eller hvorfor ikke. Show why a place fits a need, point by point, or every rule that fails.

    Without a vacancy: over all open places, which the need just misses, by cause, and what would let the nearest of each in.

    Needs and vacancies have their ids from `ledigplads alerts`, `ledigplads need` and the receipts of `ledigplads post`. Ends with 0
    whether the place fits or not, with 1 when there is no such need or vacancy.

    Parameters
    ----------
    need
        Id of the need.
    vacancy
        Id of the vacancy.

    Examples:
        Without a vacancy: how many places to name of each cause.
    json
        One JSON document: eligible, score, parts (their points add up to the score), failed, unknown, policy; or, without a vacancy,
        causes (each with its count, the nearest place and the change that would let it in), unknown, below_threshold.
    """
    stack = find_stack()
    async with client(CASEWORKER) as http:
        intake = Intake(http, stack.url("intake"))
        question: dict[str, Any] = {"need": await _found(intake, "needs", need)}
        if vacancy is None:
            answer = await _ask(http, stack, "/matching/near-misses", question | {"examples": examples})
        else:
            question["vacancy"] = await _found(intake, "vacancies", vacancy)
            answer = await _ask(http, stack, "/matching/explain", question)
    if json:
        output.document(answer)
    elif vacancy is None:
        near_misses.show(answer)
    else:
        show(answer)
    return OK


async def _found(intake: Intake, kind: str, entity_id: str) -> Answer:
    try:
        return await intake.call("GET", f"/{kind}/{entity_id}")
    except RefusedError as error:
        if error.status in _GONE:
            raise CommandError(f"Intake has no {kind}/{entity_id}.") from error
        raise


async def _ask(http: httpx2.AsyncClient, stack: StackState, path: str, question: Mapping[str, Any]) -> Answer:
    """Ask any worker: the answer needs nothing but the question and the policy."""
    trouble: AwayError | None = None
    for worker in stack.of_kind("matching"):
        try:
            return await Service(http, worker.url).call("POST", path, orjson.dumps(question))
        except AwayError as error:
            trouble = error
    raise NotReachableError("No matching worker answers: `ledigplads status` says what is up.") from trouble


def show(answer: Mapping[str, Any]) -> None:
    """Write an answer of matching's for a person."""
    if answer["eligible"]:
        output.text(f"Passer: {answer['score']} af 100 point. / It fits: {answer['score']} of 100 points.")
        _show_parts(answer["parts"], answer["score"])
        if not answer.get("proposed", True):
            output.text(f"Foreslås ikke under {answer['threshold']} point. / Not proposed below {answer['threshold']} points.")
    else:
        output.text("Passer ikke. / It does not fit.")
        for rule in answer["failed"]:
            output.text(f"  {rule['text_da']} [{rule['code']}]")
            output.text(f"  {rule['text_en']}")
            if rule["change"]:
                output.text(f"    → {rule['change']['text_da']} / {rule['change']['text_en']}")
    if answer["unknown"]:
        output.text("Ukendt, og udelukker ikke. / Unknown, and excludes nothing.")
        for unknown in answer["unknown_texts"]:
            output.text(f"  {unknown['text_da']} [{unknown['code']}]")
            output.text(f"  {unknown['text_en']}")
    output.text(f"Policy {answer['policy']}")


def _show_parts(parts: list[Mapping[str, Any]], score: int) -> None:
    """Write the sum as one writes it by hand, so that a reader can check it."""
    for part in parts:
        output.text(f"  {part['points']:>3} of {part['max']:>3}  {part['text_da']}")
        output.text(f"              {part['text_en']}")
    output.text(f"= {score:>3} of {sum(part['max'] for part in parts):>3}")
