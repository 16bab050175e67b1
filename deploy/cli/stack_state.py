"""Where the stack is: out of `.ledigplads/state.json`, or out of the environment where somebody else runs it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from deploy.cli.exits import NotReachableError
from deploy.embedded.home import Home, home_folder
from deploy.principals.administration import brokers_as
from deploy.principals.bindings import Declaration
from deploy.principals.declared import load_access
from shared.messaging.security import Brokers, brokers_of
from shared.messaging.settings import KafkaSettings
from shared.messaging.topics import TopicNames, Topics, load_topics

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOPICS_FILE = Path(__file__).parents[1] / "topics.yaml"
_NOTHING_IS_UP = (
    "Intet kører her. Start med: make up (eller: ledigplads up --detach). "
    "Nothing is up here: start it with `make up`, or say where it is with LEDIGPLADS_INTAKE_URL and "
    "LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS."
)


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """One service at its own port."""

    name: str
    url: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else the launcher says: pid, port."""


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack that somebody has started."""

    address: str
    """The one origin that a browser opens."""
    bootstrap_servers: Brokers
    """As an administrator, or as whoever the environment says."""
    names: TopicNames
    services: Mapping[str, ServiceAddress]
    postgres_dsn: str | None
    home: Home | None = None
    """Where its passwords are, if it is a stack of this machine."""

    @property
    def declaration(self) -> Declaration:
        """Who may do what in its Kafka."""
        return Declaration(load_access(), self.topics, self.names)

    def knows_password_of(self, partner: str) -> bool:
        """Say whether this machine keeps the password of a partner."""
        return self._password_of(partner) is not None

    def as_partner(self, partner: str) -> Brokers:
        """Give the brokers to a partner whose password this machine keeps; else as they are."""
        password = self._password_of(partner)
        if password is None:
            return self.bootstrap_servers
        return brokers_as(self.bootstrap_servers, self.declaration.partner_user(partner), password)

    def _password_of(self, partner: str) -> str | None:
        return None if self.home is None else self.home.known_secret(f"kafka-{self.declaration.partner_user(partner)}")

    @property
    def intake_dsn(self) -> str:
        """Give a database that a benchmark may make a table of its own in.

        Raises:
            NotReachableError: nothing says where PostgreSQL is.
        """
        dsn = os.environ.get("LEDIGPLADS_INTAKE_POSTGRES_DSN") or self.postgres_dsn
        if dsn is None:
            raise NotReachableError("Nothing says where PostgreSQL is: set LEDIGPLADS_INTAKE_POSTGRES_DSN.")
        return dsn

    @property
    def topics(self) -> Topics:
        return load_topics(Path(os.environ.get("LEDIGPLADS_TOPICS_FILE", _TOPICS_FILE)))

    def url(self, name: str) -> str:
        """Give a service's own address.

        Raises:
            NotReachableError: it is not part of this stack.
        """
        if name not in self.services:
            raise NotReachableError(f"{name} is not part of this stack: {', '.join(self.services) or 'no service'} is.")
        return self.services[name].url

    def of_kind(self, kind: str) -> list[ServiceAddress]:
        """Give every process of a service: matching has one for each worker."""
        return [one for name, one in self.services.items() if name == kind or name.startswith(f"{kind}-")]


def find_stack() -> StackState:
    """Find the stack that commands are for.

    Raises:
        NotReachableError: nothing is up, and the environment names nothing.
    """
    if "LEDIGPLADS_INTAKE_URL" in os.environ:
        return _from_environment()
    home = Home(home_folder())
    state = home.state()
    if not state.get("services"):
        raise NotReachableError(_NOTHING_IS_UP)
    return StackState(
        address=str(state.get("address", "")),
        bootstrap_servers=brokers_of(
            state["kafka"].get("administrator", {"kafka_bootstrap_servers": state["kafka"]["bootstrap_servers"]})
        ),
        names=TopicNames(str(state.get("topic_prefix", ""))),
        services={name: ServiceAddress(name, str(facts["url"]), facts) for name, facts in state["services"].items()},
        postgres_dsn=state.get("postgres", {}).get("dsn"),
        home=home,
    )


def _from_environment() -> StackState:
    """Read LEDIGPLADS_{INTAKE,NOTIFICATIONS,MAIL}_URL, LEDIGPLADS_MATCHING_URLS (by comma) and where Kafka is."""
    intake = os.environ["LEDIGPLADS_INTAKE_URL"]
    workers = [url for url in os.environ.get("LEDIGPLADS_MATCHING_URLS", "").split(",") if url]
    found = {"intake": intake, **{f"matching-{number}": url for number, url in enumerate(workers, start=1)}}
    for name in ("notifications", "mail"):
        if url := os.environ.get(f"LEDIGPLADS_{name.upper()}_URL"):
            found[name] = url
    if not os.environ.get("LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS"):
        raise NotReachableError("LEDIGPLADS_INTAKE_URL is set and LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS is not: set both.")
    try:
        brokers = KafkaSettings().brokers
    except ValidationError as error:
        raise NotReachableError(
            f"LEDIGPLADS_KAFKA_… cannot be used: {'; '.join(item['msg'] for item in error.errors())}."
        ) from None
    return StackState(
        address=os.environ.get("LEDIGPLADS_ADDRESS", intake),
        bootstrap_servers=brokers,
        names=TopicNames(os.environ.get("LEDIGPLADS_TOPIC_PREFIX", "")),
        services={name: ServiceAddress(name, url.rstrip("/")) for name, url in found.items()},
        postgres_dsn=None,
    )
