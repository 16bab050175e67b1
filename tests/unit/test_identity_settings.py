"""What a service must be told of who vouches for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.settings import SettingsError
from tests.support.demo_service import DemoSettings
from tests.support.identity import SESSION_SECRET

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS", "nowhere:1")
    monkeypatch.setenv("LEDIGPLADS_PORT", "1")


@pytest.mark.parametrize("name", ["LEDIGPLADS_IDENTITY_ISSUER", "LEDIGPLADS_IDENTITY_SESSION_SECRET"])
def test_without_a_provider_or_a_secret_no_service_starts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        DemoSettings.from_environment()


@pytest.mark.parametrize("issuer", ["http://login.kommune.example", "login.kommune.example", "ftp://127.0.0.1", ""])
def test_a_provider_is_asked_over_https_or_on_this_machine(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    monkeypatch.setenv("LEDIGPLADS_IDENTITY_ISSUER", issuer)
    with pytest.raises(SettingsError, match="LEDIGPLADS_IDENTITY_ISSUER cannot be used"):
        DemoSettings.from_environment()
    for good in ("https://login.kommune.example/realm", "http://127.0.0.1:8080/login-provider"):
        monkeypatch.setenv("LEDIGPLADS_IDENTITY_ISSUER", good)
        assert DemoSettings.from_environment().identity_issuer == good


def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDIGPLADS_IDENTITY_SESSION_SECRET", "hemmelig")
    with pytest.raises(SettingsError) as refused:
        DemoSettings.from_environment()
    assert "hemmelig" not in str(refused.value)


def test_a_secret_is_shown_nowhere() -> None:
    assert SESSION_SECRET not in repr(DemoSettings.from_environment())


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LEDIGPLADS_IDENTITY_SESSION_SECRET")
    (tmp_path / "ledigplads_identity_session_secret").write_text("from a file, as a cluster mounts its secrets\n")
    monkeypatch.setenv("LEDIGPLADS_SECRETS", str(tmp_path))
    assert DemoSettings.from_environment().identity_session_secret == "from a file, as a cluster mounts its secrets"
