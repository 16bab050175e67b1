"""What a stack remembers, and that it has one owner."""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.embedded.errors import CannotStartError
from deploy.embedded.home import Home
from deploy.embedded.ports import LOOPBACK


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("LEDIGPLADS_PORT", raising=False)
    home = Home(tmp_path / "home")
    home.prepare()
    return home


def test_ports_are_free_ones_that_are_remembered(home: Home) -> None:
    ports = {name: home.port(name) for name in ("intake", "matching-1", "kafka-1")}
    assert len(set(ports.values())) == 3
    assert {name: Home(home.folder).port(name) for name in ports} == ports


def test_a_remembered_port_that_somebody_else_took_is_replaced(home: Home) -> None:
    port = home.port("intake")
    with socket.socket() as other:
        other.bind((LOOPBACK, port))
        other.listen()
        assert home.port("intake") != port


def test_the_address_is_never_moved_silently(home: Home) -> None:
    port = home.address_port()
    with socket.socket() as other:
        other.bind((LOOPBACK, port))
        other.listen()
        with pytest.raises(CannotStartError, match=f"Port {port} is taken by another process: .* LEDIGPLADS_PORT=8080"):
            home.address_port()
    assert home.address_port() == port


def test_a_configured_address_wins_and_nonsense_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    port = home.port("anything")
    monkeypatch.setenv("LEDIGPLADS_PORT", str(port))
    assert home.address_port() == port
    monkeypatch.setenv("LEDIGPLADS_PORT", "eighty")
    with pytest.raises(CannotStartError, match="give a number"):
        home.address_port()


def test_a_second_launcher_is_refused_and_told_where_the_first_one_is(home: Home) -> None:
    with home.owned():
        home.write_state({"address": "http://127.0.0.1:1234"})
        assert home.owner() == os.getpid()
        refused = subprocess.run(
            [sys.executable, "-m", "deploy.embedded.launch"],
            env=os.environ | {"LEDIGPLADS_HOME": str(home.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 1
        assert "already up at http://127.0.0.1:1234: open that, or stop it with: make down" in refused.stdout
    assert home.owner() is None


def test_only_the_user_reads_the_state_and_a_password_is_made_once(home: Home) -> None:
    home.write_state({"postgres": {"dsn": "postgresql://u:p@h/d"}})
    assert (home.folder / "state.json").stat().st_mode & 0o077 == 0
    assert home.secret("intake") == home.secret("intake") != home.secret("notifications")


def test_parts_that_are_prepared_side_by_side_lose_none_of_each_others_secrets_and_ports(home: Home) -> None:
    names = [f"part-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as threads:
        secrets = dict(zip(names, threads.map(home.secret, names), strict=True))
        ports = dict(zip(names, threads.map(home.port, names), strict=True))
    assert {name: home.secret(name) for name in names} == secrets
    assert {name: home.port(name) for name in names} == ports
    assert len(set(ports.values())) == len(names)


def test_clean_forgets_all_but_the_tools(home: Home) -> None:
    (home.folder / "tools").mkdir()
    (home.kafka / "node-1").mkdir(parents=True)
    home.remember(sample=True)
    home.clean()
    assert [entry.name for entry in home.folder.iterdir()] == ["tools"]
