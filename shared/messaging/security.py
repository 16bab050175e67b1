"""How a client proves to Kafka who it is, and that it speaks with Kafka: one place for every client of the project."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Protocol: TypeAlias = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism: TypeAlias = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True, slots=True)
class Security:
    """What a client shows, and what it asks of the broker.

    Attributes:
        protocol: with or without TLS, with or without a login.
        mechanism: of the login.
        username: the principal; its name decides what it may do (deploy/access.yaml).
        password: its password.
        ca_file: PEM of who vouches for the brokers; without it those whom this machine trusts.
        certificate_file: PEM of the client's own certificate, where the brokers want one.
        key_file: PEM of its key.
    """

    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what would silently be less than was meant.

        Raises:
            ValueError: the parts do not fit together; the message has no value in it.
        """
        if self.logs_in and not (self.username and self.password):
            raise ValueError("a login (SASL) needs a user name and a password")
        if not self.logs_in and (self.username or self.password):
            raise ValueError("a user name and a password need the protocol SASL_SSL or SASL_PLAINTEXT")
        if not self.encrypts and (self.ca_file or self.certificate_file or self.key_file):
            raise ValueError("certificates need the protocol SSL or SASL_SSL")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("a certificate needs its key, and a key its certificate")

    @property
    def logs_in(self) -> bool:
        return self.protocol in ("SASL_PLAINTEXT", "SASL_SSL")

    @property
    def encrypts(self) -> bool:
        return self.protocol in ("SSL", "SASL_SSL")


OPEN = Security()
"""Everybody may come: a Kafka without authentication."""


class Brokers(str):
    """Where the brokers are, as host:port by comma, and how a client gets in.

    It is the addresses and reads as such in a message; the secret beside them is shown by nothing. What holds only a string
    of addresses gets in where nothing is asked of it.
    """

    __slots__ = ("security",)

    security: Security

    def __new__(cls, addresses: str, security: Security = OPEN) -> Self:
        made = super().__new__(cls, addresses)
        made.security = security
        return made

    def __reduce__(self) -> tuple[type[Brokers], tuple[str, Security]]:
        """Survive a copy and the way to another process."""
        return Brokers, (str(self), self.security)


def security_of(bootstrap: str) -> Security:
    """Give what a client of these brokers has to show."""
    return bootstrap.security if isinstance(bootstrap, Brokers) else OPEN


def client_options(bootstrap: str) -> dict[str, Any]:
    """Give what every client of aiokafka takes about the brokers: `AIOKafkaConsumer(**client_options(bootstrap), ...)`."""
    security = security_of(bootstrap)
    options: dict[str, Any] = {"bootstrap_servers": str(bootstrap), "security_protocol": security.protocol}
    if security.encrypts:
        options["ssl_context"] = ssl_context(security)
    if security.logs_in:
        options |= {
            "sasl_mechanism": security.mechanism,
            "sasl_plain_username": security.username,
            "sasl_plain_password": security.password,
        }
    return options


@lru_cache(maxsize=8)
def ssl_context(security: Security) -> ssl.SSLContext:
    """Make the TLS context, once: reading certificates costs more than connecting."""
    context = ssl.create_default_context(cafile=security.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if security.certificate_file is not None:
        context.load_cert_chain(security.certificate_file, security.key_file)
    return context


def settings_of(bootstrap: str) -> dict[str, Any]:
    """Give the fields of `KafkaSettings` that say the same."""
    security = security_of(bootstrap)
    fields: dict[str, Any] = {
        "kafka_bootstrap_servers": str(bootstrap),
        "kafka_security_protocol": security.protocol,
        "kafka_sasl_mechanism": security.mechanism,
        "kafka_username": security.username,
        "kafka_password": security.password,
        "kafka_ca_file": security.ca_file,
        "kafka_certificate_file": security.certificate_file,
        "kafka_key_file": security.key_file,
    }
    return {name: value for name, value in fields.items() if value is not None}


def brokers_of(settings: Mapping[str, Any]) -> Brokers:
    """Read back what `settings_of` gave, also after it has been written down as text."""
    files = {
        name: Path(settings[f"kafka_{name}"])
        for name in ("ca_file", "certificate_file", "key_file")
        if f"kafka_{name}" in settings
    }
    return Brokers(
        settings["kafka_bootstrap_servers"],
        Security(
            protocol=settings.get("kafka_security_protocol", OPEN.protocol),
            mechanism=settings.get("kafka_sasl_mechanism", OPEN.mechanism),
            username=settings.get("kafka_username"),
            password=settings.get("kafka_password"),
            **files,
        ),
    )


def environment_of(bootstrap: str) -> dict[str, str]:
    """Give the variables by which a process is told the same."""
    return {f"LEDIGPLADS_{name.upper()}": str(value) for name, value in settings_of(bootstrap).items()}
