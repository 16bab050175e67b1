"""What every service is told by its environment; each service adds its own in `services/X/settings.py`."""

import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import SettingsConfigDict

from shared.messaging.settings import KafkaSettings

Secret = Annotated[str, Field(repr=False)]
"""A setting that may hold a password (a DSN): it is not shown when the settings are printed."""

_REPOSITORY = Path(__file__).parents[1]
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _safe_address(value: str) -> str:
    where = urlsplit(value)
    if where.scheme == "https" or (where.scheme == "http" and where.hostname in _LOOPBACK):
        return value
    raise ValueError("must be https, or http on this machine alone")


def _safe_document(value: str) -> str:
    return value if value.startswith("file:///") else _safe_address(value)


SafeAddress = Annotated[str, AfterValidator(_safe_address)]
"""Nobody in between reads or changes what goes there."""


class SettingsError(SystemExit):
    """The environment does not say what the service needs; the message names each variable, never its value.

    It is met before anything runs, so uncaught it ends the process with its sentence on stderr and status 1.
    """


class ServiceSettings(KafkaSettings):
    """Read once in `__main__`, handed to `build_app`, and never changed; nothing below `app.py` imports it.

    A subclass names its service:

        class IntakeSettings(ServiceSettings):
            service: ClassVar[str] = "intake"
            intake_postgres_dsn: Secret
    """

    model_config = SettingsConfigDict(env_prefix="LEDIGPLADS_", frozen=True, extra="ignore", hide_input_in_errors=True)

    service: ClassVar[str]

    kafka_bootstrap_servers: str
    topic_prefix: str = ""
    topics_file: Path = _REPOSITORY / "deploy" / "topics.yaml"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    # The one origin that a browser sees; without a proxy it is the service's own address.
    public_url: str = Field(default_factory=lambda known: f"http://{known.get('host')}:{known.get('port')}")
    log_level: str = "info"

    # Who vouches for people: an OpenID provider. There is no way to do without one.
    identity_issuer: SafeAddress
    identity_audience: Annotated[str, Field(min_length=1)] = "ledigplads"
    # By default where the provider's discovery document says; file:///… where a service may not call out.
    identity_jwks_url: Annotated[str, AfterValidator(_safe_document)] | None = None
    identity_clock_skew_seconds: Annotated[float, Field(ge=0, le=300)] = 60
    # Which claim says what of a person: see the file.
    identity_claims: Path = _REPOSITORY / "shared" / "identity" / "claims.yaml"
    # The same in all services, for they read each other's session cookies; the one before it opens what it had sealed.
    identity_session_secret: Annotated[Secret, Field(min_length=32)]
    identity_session_secret_before: Annotated[str | None, Field(min_length=32, repr=False)] = None
    identity_session_minutes: Annotated[int, Field(ge=5, le=600)] = 60
    identity_session_hours: Annotated[int, Field(ge=1, le=24)] = 10

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - pydantic's own signature
        super().__pydantic_init_subclass__(**kwargs)
        if not getattr(cls, "service", None):
            raise TypeError(f"{cls.__qualname__} must name its service: `service: ClassVar[str] = ...`")

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment, or say in one sentence what is missing or wrong in it.

        What is secret may lie in files instead, named as the variables in small letters, in the folder LEDIGPLADS_SECRETS.

        Raises:
            SettingsError: a variable is missing or cannot be used.
        """
        try:
            return cls(_secrets_dir=os.environ.get("LEDIGPLADS_SECRETS"))
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    complaints = [
        f"{_variable(item['loc'])} {_complaint(item['type'], item['msg'])}"
        for item in error.errors()
        # A default that follows from another setting, which is complained of by itself.
        if item["type"] != "default_factory_not_called"
    ]
    return f"The environment is not complete: {'; '.join(complaints)}."


def _variable(location: tuple[int | str, ...]) -> str:
    if not location:
        return "what it says of Kafka (LEDIGPLADS_KAFKA_…)"
    return "LEDIGPLADS_" + "_".join(str(part) for part in location).upper()


def _complaint(kind: str, message: str) -> str:
    return "is not set" if kind == "missing" else f"cannot be used ({message})"
