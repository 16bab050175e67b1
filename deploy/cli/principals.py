"""`ledigplads principals`: who may do what in Kafka, put into a cluster or rendered for one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from aiokafka.errors import KafkaError
from cyclopts import App
from pydantic import ValidationError

from deploy.cli import output
from deploy.cli.exits import OK, CommandError, NotReachableError, UsageError
from deploy.principals import rendering
from deploy.principals.administration import AdministrationRefusedError, administration
from deploy.principals.applying import apply as apply_to
from deploy.principals.bindings import Declaration
from deploy.principals.declared import SERVICES, load_access
from shared.messaging.settings import KafkaSettings
from shared.messaging.topics import TopicNames, load_topics

principals = App(
    name="principals",
    help="Hvem må hvad i Kafka. Who may do what in Kafka: users and ACLs of a cluster, as deploy/access.yaml declares them.",
)
_TOPICS_FILE = Path(__file__).parents[1] / "topics.yaml"


@principals.command
def render(
    *, form: Literal["strimzi", "kafka-acls"] = "strimzi", cluster: str = "ledigplads", partner: list[str] | None = None
) -> int:
    """Write users and ACLs for whoever runs the cluster: nothing is changed anywhere.

        ledigplads principals render --partner havblik > users.yaml

    Parameters
    ----------
    form
        KafkaUser resources of Strimzi, or calls of Kafka's own command.
    cluster
        Name of the Kafka resource, for Strimzi.
    partner
        A partner to write too; give it once for each.
    """
    declared = _declared()
    wanted = declared.bindings() | {declared.partner_user(name): declared.partner_bindings(name) for name in partner or []}
    output.text((rendering.strimzi(wanted, cluster=cluster) if form == "strimzi" else rendering.commands(wanted)).rstrip())
    return OK


@principals.command
async def apply() -> int:
    """Make users and ACLs in the Kafka that LEDIGPLADS_KAFKA_… names, as one who may; again is safe, and takes back what is too much.

    A service whose LEDIGPLADS_<SERVICE>_KAFKA_PASSWORD is set gets that password; the others keep theirs.
    """
    try:
        brokers = KafkaSettings().brokers
    except ValidationError as error:
        complaints = "; ".join(f"{'_'.join(map(str, item['loc'])) or 'they'}: {item['msg']}" for item in error.errors())
        raise UsageError(f"LEDIGPLADS_KAFKA_… cannot be used: {complaints}.") from None
    given = {name: os.environ.get(f"LEDIGPLADS_{name.upper()}_KAFKA_PASSWORD") for name in SERVICES}
    passwords = {name: password for name, password in given.items() if password}
    try:
        async with administration(brokers) as admin:
            added, taken_back = await apply_to(admin, _declared(), passwords)
    except AdministrationRefusedError as error:
        raise CommandError(f"{error}.") from error
    except (KafkaError, OSError) as error:
        raise NotReachableError(f"Kafka does not let us in at {brokers} ({type(error).__name__}).") from error
    output.line({"added": added, "taken_back": taken_back, "passwords": sorted(passwords)})
    return OK


def _declared() -> Declaration:
    topics = load_topics(Path(os.environ.get("LEDIGPLADS_TOPICS_FILE", _TOPICS_FILE)))
    return Declaration(load_access(), topics, TopicNames(os.environ.get("LEDIGPLADS_TOPIC_PREFIX", "")))
