"""What a process is told about Kafka by its environment: where it is, and how to get in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging.security import Brokers, Mechanism, Protocol, Security


class KafkaSettings(BaseSettings):
    """LEDIGPLADS_KAFKA_…: every service has these, and the command line where it is told its surroundings by the environment."""

    model_config = SettingsConfigDict(env_prefix="LEDIGPLADS_", frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap_servers: str
    kafka_security_protocol: Protocol = "PLAINTEXT"
    kafka_sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: Annotated[str | None, Field(repr=False)] = None
    kafka_password_file: Path | None = None
    """Instead of the password itself: a file with it, as a cluster mounts it."""
    kafka_ca_file: Path | None = None
    kafka_certificate_file: Path | None = None
    kafka_key_file: Path | None = None

    @field_validator("kafka_password_file")
    @classmethod
    def _one_password(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("kafka_password"):
            raise ValueError("the password is given already: give it or its file")
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _ = self.brokers
        return self

    @property
    def brokers(self) -> Brokers:
        """Give the addresses together with the way in."""
        password = self.kafka_password
        if self.kafka_password_file is not None:
            password = self.kafka_password_file.read_text(encoding="utf-8").strip()
        return Brokers(
            self.kafka_bootstrap_servers,
            Security(
                protocol=self.kafka_security_protocol,
                mechanism=self.kafka_sasl_mechanism,
                username=self.kafka_username,
                password=password,
                ca_file=self.kafka_ca_file,
                certificate_file=self.kafka_certificate_file,
                key_file=self.kafka_key_file,
            ),
        )
