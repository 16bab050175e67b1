"""Whom the launcher tells what of the login."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.embedded import identity, services
from deploy.embedded.home import Home
from deploy.embedded.known import WEB, client_secret
from shared.messaging.security import Brokers

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "http://127.0.0.1:8080"
PROOFS = ("SESSION_SECRET", "CLIENT_SECRET", "LEDIGPLADS_TOKEN")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("ISSUER", "AUDIENCE", "JWKS_URL", "SESSION_SECRET"):
        monkeypatch.delenv(f"LEDIGPLADS_IDENTITY_{name}", raising=False)
    made = Home(tmp_path)
    made.prepare()
    return made


def _told(home: Home, name: str) -> dict[str, str]:
    around = services.Surroundings(
        brokers=dict.fromkeys(("intake", "matching", "notifications"), Brokers("nowhere:1")),
        dsns={},
        smtp_port=1,
        address=ADDRESS,
        identity=identity.settings(home, ADDRESS),
        pages_identity=identity.pages_settings(home),
        keys={},
    )
    return dict(services.service(home, name, around).child._environment or {})


def test_all_services_believe_the_stacks_own_provider_and_each_others_sessions(home: Home) -> None:
    told = [_told(home, name) for name in ("intake", "matching", "notifications")]
    assert {one["LEDIGPLADS_IDENTITY_ISSUER"] for one in told} == {f"{ADDRESS}/login-provider"}
    [secret] = {one["LEDIGPLADS_IDENTITY_SESSION_SECRET"] for one in told}
    assert len(secret) >= 32


def test_only_intake_logs_people_in(home: Home) -> None:
    assert _told(home, "intake")["LEDIGPLADS_IDENTITY_CLIENT_SECRET"] == client_secret(home, WEB)
    assert "LEDIGPLADS_IDENTITY_CLIENT_SECRET" not in _told(home, "matching")


def test_a_provider_that_the_environment_names_stands_in_and_its_secret_goes_to_intake_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDIGPLADS_IDENTITY_ISSUER", "https://login.example")
    monkeypatch.setenv("LEDIGPLADS_IDENTITY_CLIENT_SECRET", "given")
    monkeypatch.setenv("LEDIGPLADS_CLIENT_SECRET", "of a program")
    monkeypatch.setenv("LEDIGPLADS_TOKEN", "of a person")
    assert identity.prepare(home, ADDRESS) is None
    intake, matching = _told(home, "intake"), _told(home, "matching")
    assert intake["LEDIGPLADS_IDENTITY_ISSUER"] == matching["LEDIGPLADS_IDENTITY_ISSUER"] == "https://login.example"
    assert intake["LEDIGPLADS_IDENTITY_CLIENT_SECRET"] == "given"
    assert not {"LEDIGPLADS_IDENTITY_CLIENT_SECRET", "LEDIGPLADS_CLIENT_SECRET", "LEDIGPLADS_TOKEN"} & matching.keys()
    assert not {"LEDIGPLADS_CLIENT_SECRET", "LEDIGPLADS_TOKEN"} & intake.keys()


def test_the_proxy_and_the_mail_are_told_no_secret(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDIGPLADS_IDENTITY_SESSION_SECRET", "x" * 32)
    for one in (services.proxy(home, 8080, {}), services.mail_catcher(home, 1)):
        assert not [name for name in one.child._environment or {} if any(proof in name for proof in PROOFS)]
