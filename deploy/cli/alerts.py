"""`ledigplads alerts` and `ledigplads mail`: whom the system has told of what."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from deploy.cli import output
from deploy.cli.exits import OK
from deploy.cli.following import json_lines
from deploy.cli.stack_state import find_stack

_NO_FLAG = Parameter(negative="")


async def alerts(
    *,
    follow: Annotated[bool, Parameter(negative="", alias="-f")] = False,
    json: Annotated[bool, _NO_FLAG] = False,
    person: str | None = None,
    after: int = 0,
) -> int:
    """Vis dine advarsler. Show the alerts that you have had, oldest first; whose they are is told by the login (LEDIGPLADS_TOKEN).

    Parameters
    ----------
    follow
        Stay, and show each new one as it comes (Ctrl-C ends it).
    json
        A line of JSON each: need_id, vacancy_id, opening, kind, score, municipality, recipient, channel, alerted_at, alert_id.
    person
        Somebody in the team that you lead, e.g. sb-0751-1, or unassigned-0751: your municipality's needs without a caseworker.
    after
        Only those with a higher alert_id.
    """
    query: dict[str, str | int] = {"after": after}
    if follow:
        query["follow"] = 1
    if person is not None:
        query["person"] = person
    async for alert in json_lines(f"{find_stack().url('notifications')}/notifications/alerts", **query):
        if json:
            output.line(alert)
        else:
            output.text(_sentence(alert))
    return OK


async def mail(*, json: Annotated[bool, _NO_FLAG] = False) -> int:
    """Vis den post, der er sendt. Show the mail that was sent: here it ends in a catcher and goes no further.

    Parameters
    ----------
    json
        A line of JSON each: number, message_id, to, subject, date, text, headers.
    """
    async for message in json_lines(f"{find_stack().url('mail')}/mail/messages"):
        if json:
            output.line(message)
        else:
            output.text(f"{message['number']:>5}  {message['to']}  {message['subject']}")
    return OK


def _sentence(alert: dict[str, Any]) -> str:
    return (
        f"{alert['alerted_at']}  {alert['recipient']}  {alert['kind']:<9}  {alert['score']:>3} points  "
        f"need {alert['need_id']}  vacancy {alert['vacancy_id']}"
    )
