"""`ledigplads post`: submit as a partner over Kafka, and wait for the receipts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from deploy.cli import output
from deploy.cli.entries import read_entries, submission
from deploy.cli.exits import AWAY, OK, REFUSED, CommandError
from deploy.cli.stack_state import find_stack
from deploy.simulate.partner_channel import NoSuchPartnerError, PartnerChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.contracts.receipt import Receipt


async def post(file: str, *, partner: str = "demo", timeout: Annotated[float, Parameter(name="--timeout")] = 30.0) -> int:  # noqa: ASYNC109 - the user's
    """Indsend som partner, og vent på kvitteringerne. Submit offers, vacancies or needs as a partner's system does, over Kafka.

    Each receipt is a line of JSON on stdout; the reasons of a rejection are told on stderr too. Ends with 1 when anything was
    rejected, with 3 when a receipt did not come in time. Try it with the sample:

        ledigplads post docs/examples/ny-plads.yaml

    An entry is `{"type": "vacancy.submitted", "data": {"reference": …, "offer_id": …, …}}`. Types: offer.submitted (with "subject": the
    offer's id), vacancy.submitted, vacancy.withdrawn, vacancy.confirmed, need.submitted, need.closed. Without an "id" each posting is a
    new submission; posting the same content again changes nothing, because the reference is the same.

    Parameters
    ----------
    file
        JSON, JSON lines or YAML with one entry or many; - is stdin.
    partner
        Who speaks: `ledigplads partner list` shows who there is and which offers are theirs.
    timeout
        Seconds to wait for all receipts.
    """
    submissions = [submission(entry, number) for number, entry in enumerate(read_entries(file), start=1)]
    stack = find_stack()
    try:
        async with PartnerChannel(stack.as_partner(partner), stack.names, partner) as channel:
            waiting = [await channel.send(one) for one in submissions]
            return await _answers(waiting, timeout)
    except NoSuchPartnerError:
        raise CommandError(
            f"There is no partner {partner}: make one with `ledigplads partner add {partner} --offer OFFER_ID --kind vacancy`."
        ) from None


async def _answers(waiting: Iterable[asyncio.Future[Receipt]], seconds: float) -> int:
    """Print each receipt as it comes, in the order in which the submissions were sent."""
    code = OK
    deadline = asyncio.get_running_loop().time() + seconds
    late = 0
    for future in waiting:
        left = deadline - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait([future], timeout=max(0.0, left))
        if not done:
            late += 1
            continue
        receipt = future.result()
        output.line(receipt.model_dump(mode="json"))
        if receipt.outcome == "rejected":
            code = REFUSED
            _explain(receipt)
    if late:
        output.say(
            f"{late} receipts have not come after {seconds:g} s: is intake ready? `ledigplads status` says. Posting again is safe."
        )
        return AWAY
    return code


def _explain(receipt: Receipt) -> None:
    output.say(f"Afvist / rejected: {receipt.reference or receipt.position}")
    for reason in receipt.reasons:
        output.say(f"  {reason.field or '(hele)'}: {reason.text_da} / {reason.text_en} [{reason.code}]")
