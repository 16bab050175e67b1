"""The three services, the proxy, the login provider and the mail catcher as children of the launcher."""

import os
import re
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.home import Home
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.process import Child
from shared.messaging.security import Brokers, environment_of

CHECKOUT = Path(__file__).resolve().parents[2]
WITH_DATABASE = ("intake", "notifications")
_CADDYFILE = CHECKOUT / "deploy" / "Caddyfile"
_MAIL_FROM = "Ledigplads <varsel@ledigplads.example>"
# What the launcher itself is told must not reach a child that understands the same word differently.
_LAUNCHERS_OWN = frozenset({"LEDIGPLADS_PORT", "LEDIGPLADS_POSTGRES_DSN", "LEDIGPLADS_POSTGRES_BINARIES", "LEDIGPLADS_HOME"})
# Each service is told its own login, and nobody else one.
_OF_KAFKA = re.compile(r"LEDIGPLADS_(\w+_)?KAFKA_")
# What proves somebody's identity goes to the one who needs it, by `Surroundings`.
_PROOFS = re.compile(r"LEDIGPLADS_(IDENTITY_(CLIENT|SESSION)_SECRET\w*|CLIENT_SECRET|TOKEN)")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the services are told about the servers around them."""

    brokers: Mapping[str, Brokers]
    """By service, each with its own login."""
    dsns: Mapping[str, str] = field(repr=False)
    smtp_port: int
    address: str
    identity: Mapping[str, str] = field(repr=False)
    """What every service is told of the OpenID provider, by the names of its settings."""
    pages_identity: Mapping[str, str] = field(repr=False)
    """How the pages prove themselves to it."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What intake alone is told of the keys of citizens, likewise."""


@dataclass(frozen=True, slots=True)
class Service:
    """A child that answers HTTP on a port of its own."""

    name: str
    port: int
    child: Child

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


def service(home: Home, name: str, around: Surroundings, worker: int | None = None) -> Service:
    """One of the three services; matching has numbered workers."""
    shown = name if worker is None else f"{name}-{worker}"
    port = home.port(shown)
    environment = _environment(name, around) | {"LEDIGPLADS_PORT": str(port)}
    if worker is not None:
        environment["LEDIGPLADS_MATCHING_WORKER"] = str(worker)
    return Service(shown, port, _python(home, shown, [f"services.{name}", "serve"], environment))


def migration(home: Home, name: str, around: Surroundings) -> Child:
    """Bring a service's database up to its code; ends by itself."""
    environment = _environment(name, around) | {"LEDIGPLADS_PORT": str(home.port(name))}
    return _python(home, f"{name}-migrate", [f"services.{name}", "migrate"], environment)


def mail_catcher(home: Home, smtp_port: int) -> Service:
    """The mail catcher."""
    port = home.port("mail")
    words = ["deploy.embedded.mailcatcher", "--folder", str(home.mail), "--smtp-port", str(smtp_port), "--port", str(port)]
    return Service("mail", port, _python(home, "mail", words, _inherited()))


def login_provider(home: Home, issuer: str, audience: str) -> Service:
    """The stack's own OpenID provider; what it is to know lies in its folder."""
    port = home.port("login-provider")
    words = ["deploy.embedded.provider", "--folder", str(home.login_provider), "--issuer", issuer]
    words += ["--audience", audience, "--port", str(port)]
    return Service("login-provider", port, _python(home, "login-provider", words, _inherited()))


def proxy(home: Home, address_port: int, services: Mapping[str, Service]) -> Service:
    """One origin for all of them."""

    def upstreams(name: str) -> str:
        return " ".join(f"{LOOPBACK}:{one.port}" for key, one in services.items() if key == name or key.startswith(f"{name}-"))

    environment = _inherited() | {
        "LEDIGPLADS_SITE": f"http://{LOOPBACK}:{address_port}, http://localhost:{address_port}",
        "LEDIGPLADS_BIND": LOOPBACK,
        "LEDIGPLADS_INTAKE_UPSTREAMS": upstreams("intake"),
        "LEDIGPLADS_MATCHING_UPSTREAMS": upstreams("matching"),
        "LEDIGPLADS_NOTIFICATIONS_UPSTREAMS": upstreams("notifications"),
        "LEDIGPLADS_MAIL_UPSTREAMS": upstreams("mail"),
        "LEDIGPLADS_LOGIN_PROVIDER_UPSTREAMS": upstreams("login-provider"),
        # Caddy keeps nothing of ours, but makes these folders all the same.
        "XDG_DATA_HOME": str(home.folder / "caddy"),
        "XDG_CONFIG_HOME": str(home.folder / "caddy"),
    }
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    words = [str(caddy), "run", "--adapter", "caddyfile", "--config", str(_CADDYFILE)]
    return Service("proxy", address_port, Child(words, log=home.log("proxy"), environment=environment, directory=home.folder))


def _environment(name: str, around: Surroundings) -> dict[str, str]:
    environment = _inherited() | {
        **environment_of(around.brokers[name]),
        "LEDIGPLADS_PUBLIC_URL": around.address,
        "LEDIGPLADS_HOST": LOOPBACK,
        **around.identity,
        **(around.pages_identity if name == "intake" else {}),
    }
    if name in around.dsns:
        environment[f"LEDIGPLADS_{name.upper()}_POSTGRES_DSN"] = around.dsns[name]
    if name == "intake":
        environment |= around.keys
    if name == "notifications":
        environment |= {
            "LEDIGPLADS_SMTP_HOST": LOOPBACK,
            "LEDIGPLADS_SMTP_PORT": str(around.smtp_port),
            "LEDIGPLADS_MAIL_FROM": os.environ.get("LEDIGPLADS_MAIL_FROM", _MAIL_FROM),
        }
    return environment


def _inherited() -> dict[str, str]:
    """The user's environment, less the launcher's own words and less what is only one service's secret."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _LAUNCHERS_OWN
        and not name.endswith("_POSTGRES_DSN")
        and not _OF_KAFKA.match(name)
        and not _PROOFS.fullmatch(name)
    }


def _python(home: Home, name: str, words: list[str], environment: dict[str, str]) -> Child:
    return Child([sys.executable, "-m", *words], log=home.log(name), environment=environment, directory=CHECKOUT)
