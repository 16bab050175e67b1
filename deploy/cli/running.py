"""`ledigplads up`, `down` and `clean`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from deploy.cli import stack


def up(
    *,
    brokers: int | None = None,
    workers: int | None = None,
    sample: Annotated[bool, Parameter(negative="--no-sample")] = True,
    detach: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Start det hele her. Start Kafka, PostgreSQL and the services here, load the sample, and print the address to open.

    Parameters
    ----------
    brokers
        Kafka nodes: 1, or a real cluster of 3. Fixed when the stack is first started.
    workers
        Matching processes that share the needs.
    sample
        Load the sample on the first start.
    detach
        Return when everything is ready, instead of staying with a short live log.
    """
    return stack.up(brokers=brokers, workers=workers, sample=sample, detach=detach)


def down() -> int:
    """Stop det hele; intet går tabt. Stop what is up, in order; everything is kept."""
    return stack.down()


def clean() -> int:
    """Stop, og glem alle data. Stop, and forget all data, ports and logs."""
    return stack.clean()
