"""`ledigplads republish`: let intake mend what stands on its topics."""

from __future__ import annotations

import orjson

from deploy.cli import output
from deploy.cli.calling import intake_of
from deploy.cli.exits import OK
from deploy.cli.stack_state import find_stack


async def republish(*, topic: str | None = None, key: str | None = None) -> int:
    """Lad intake udgive igen, hvor loggen afviger. Let intake read its own topics back, and publish again where one differs.

    What was read, could not be read and was published again is one JSON document. Nothing is published that is as it should be.

    Parameters
    ----------
    topic
        Only this one: offers, vacancies, need-profiles or settings.
    key
        Only this key (an id) of the topic.
    """
    wanted = {name: value for name, value in (("topic", topic), ("key", key)) if value is not None}
    async with intake_of(find_stack()) as intake:
        output.document(await intake.call("POST", "/operator/republish", orjson.dumps(wanted)))
    return OK
