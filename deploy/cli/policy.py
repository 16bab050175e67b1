"""`ledigplads policy`: look a new policy over, tell what it changes, and try it on the recorded log before it is in force."""

from __future__ import annotations

import time
from datetime import date  # noqa: TC003 - the command line reads the annotations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.cli import output, policy_tables
from deploy.cli.exits import OK, REFUSED, UsageError
from deploy.cli.log_file import read_log_file
from deploy.cli.log_state import NoTermsError, read_state
from deploy.cli.policy_file import read_policy_file, usable_policy
from deploy.cli.stack_state import find_stack
from services.matching.domain.policy_changes import changes
from services.matching.domain.policy_effects import SMALLEST
from services.matching.domain.policy_faults import faults_beside
from services.matching.domain.terms import Terms, is_newer_policy
from services.matching.policy_replay import replay as compare

if TYPE_CHECKING:
    from deploy.cli.log_state import LogState
    from deploy.cli.policy_file import Finding, Reading
    from services.matching.domain.policy_effects import Effects
    from shared.contracts.settings import Policy

policy = App(
    name="policy",
    help=(
        "Politikken: se en ny efter, hvad den ændrer, og hvem den rammer. The policy: look a new one over, what it changes, and whom it touches.\n\n"
        "docs/guides/policy.md says how a policy is changed safely."
    ),
)

KAFKA: Final = "kafka"
_PROGRESS_SECONDS: Final = 5.0


@policy.command
def check(file: str, *, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Se en politik efter, før den gælder. Look a policy over before it is in force.

    Shows its version, hash, rules, weights and numbers, each with unit, direction and source, and what is wrong, by line. Ends with 0
    when nothing is, with 1 when something is, with 2 when the file is not there or no YAML.

    Parameters
    ----------
    file
        A dated policy (.yaml). Those that lie beside it are looked at too: versions must follow the days.
    json
        One JSON document: file, ok, version, valid_from, hash, weights, rules, parts, numbers, left_out, findings.
    """
    reading = read_policy_file(file)
    findings = [*reading.findings, *_beside(file, reading)]
    if json:
        output.document(policy_tables.checked(file, reading.policy, findings))
    elif reading.policy is not None:
        policy_tables.show_policy(reading.policy)
    for one in findings:
        output.say(one.as_text(file))
    if not findings:
        output.say("Politikken er i orden. / The policy is in order.")
    return REFUSED if findings else OK


@policy.command
def diff(old: str, new: str, *, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Sig med ord, hvad der er ændret. Tell in words what changed: rules, weights, thresholds, lists, and what is only worded otherwise.

    Parameters
    ----------
    old
        A dated policy (.yaml).
    new
        Another one.
    json
        One JSON document: old, new (version, valid_from, hash), changes (path, kind, before, after, text_da, text_en).
    """
    before, after = usable_policy(old), usable_policy(new)
    found = changes(before, after)
    _warn_if_not_newer(before, after)
    if json:
        output.document(policy_tables.changed(before, after, found))
    else:
        policy_tables.show_changes(before, after, found)
    return OK


@policy.command
async def replay(
    new: str,
    *,
    old: str | None = None,
    log: str = KAFKA,
    day: date | None = None,
    smallest: int = SMALLEST,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Prøv en politik på den optagne log. Try a policy on the recorded log: who would gain and who would lose a match.

    Both policies are tried on the open needs and places at the end of the log. Only counts are shown, by section, kommune and target
    group, and no need is named; groups of few needs are put together, so that the rows always add up. Nothing is published or changed.

    Parameters
    ----------
    new
        The policy to try (.yaml).
    old
        The policy to compare with (.yaml); without it the one on the log.
    log
        `kafka`, or a file of records as `kcat -C -J` writes them; `-` is stdin.
    day
        The day to try both on; without it the latest on the log.
    smallest
        Needs that a group has at the least to be shown by itself.
    json
        One JSON document: old, new, day, needs, vacancies, unreadable, total, by_section, by_municipality, by_target_group, lost_by, gained_by.
    """
    if smallest < 1:
        raise UsageError("--smallest er mindst 1. / --smallest is at least 1.")
    tried = usable_policy(new)
    given = None if old is None else usable_policy(old)
    state = await read_state(find_stack()) if log == KAFKA else _recorded(log, given, day)
    before, on = Terms(given or state.policy, day or state.today), Terms(tried, day or state.today)
    _warn(before, on, state)
    effects = _compared(state, before, on)
    if json:
        output.document(policy_tables.replayed(before, on, state, effects, smallest))
    else:
        policy_tables.show_effects(before, on, state, effects, smallest)
    return OK


def _recorded(file: str, given: Policy | None, day: date | None) -> LogState:
    try:
        return read_log_file(file).state(given, day)
    except NoTermsError as error:
        raise UsageError(
            f"{file} har ingen politik eller ingen dag: giv dem med --old og --day. / "
            f"{file} holds no policy or no day: give them with --old and --day."
        ) from error


def _compared(state: LogState, before: Terms, after: Terms) -> Effects:
    """Compare, and say on stderr how far it has come: a million needs take minutes."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("behov / needs", total=len(state.needs))
        next_line = time.monotonic() + _PROGRESS_SECONDS

        def progress(done: int) -> None:
            nonlocal next_line
            bar.update(task, completed=done)
            if not console.is_terminal and time.monotonic() >= next_line:
                output.say(f"{done} af {len(state.needs)} behov. / {done} of {len(state.needs)} needs.")
                next_line = time.monotonic() + _PROGRESS_SECONDS

        return compare(state.needs, state.vacancies, before, after, progress)


def _beside(file: str, reading: Reading) -> list[Finding]:
    """Hold a policy against the other policies of its folder; a file there that is no policy has a check of its own."""
    if reading.policy is None:
        return []
    path = Path(file)
    beside = [read_policy_file(str(other)).policy for other in sorted(path.parent.glob("*.yaml")) if not other.samefile(path)]
    return [reading.at(fault) for fault in faults_beside(reading.policy, [other for other in beside if other is not None])]


def _warn(before: Terms, after: Terms, state: LogState) -> None:
    """Say what a reader of the counts has to know."""
    _warn_if_not_newer(before.policy, after.policy)
    if state.unreadable:
        output.say(
            f"{state.unreadable} poster kunne ikke læses og er ikke med. / {state.unreadable} records could not be read and are left out."
        )
    for terms in (before, after):
        later = [rule.code for rule in terms.policy.rules if rule.code not in terms.rules]
        if later:
            output.say(
                f"{terms.policy.version}: {', '.join(later)} gælder ikke endnu den {terms.today}; --day vælger en anden dag. / "
                f"{', '.join(later)} not in force on {terms.today}; --day chooses another day."
            )


def _warn_if_not_newer(before: Policy, after: Policy) -> None:
    if not is_newer_policy(before, after):
        output.say(
            f"{after.version} er ikke nyere end {before.version}: en arbejder ville ikke gå over til den. / "
            f"{after.version} is not newer than {before.version}: a worker would not go over to it."
        )
