"""`ledigplads login`, `logout` and `whoami`, against the embedded provider."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from deploy.cli import partner_client
from deploy.cli.exits import AWAY, OK, REFUSED
from deploy.cli.main import run
from deploy.cli.signing_in import authorization
from deploy.embedded.known import partners_of
from shared.identity import Role
from shared.identity.claims import load_claim_rules
from shared.identity.documents import read_document
from shared.identity.keys import Keys
from shared.identity.tokens import Tokens
from shared.settings import ServiceSettings
from tests.support.login_provider import issuer_of, running_provider
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.embedded.home import Home
    from shared.identity import Person

_COMMAND = Path(sys.executable).with_name("ledigplads")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with running_provider(tmp_path_factory.mktemp("stack")) as made:
        yield made


@pytest.fixture(autouse=True)
def home(stack: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("LEDIGPLADS_HOME", str(stack.folder))
    monkeypatch.delenv("LEDIGPLADS_IDENTITY_ISSUER", raising=False)
    yield stack
    (stack.folder / "logins.json").unlink(missing_ok=True)


async def _person(home: Home, header: Mapping[str, str]) -> Person:
    keys = Keys(lambda: read_document(f"{issuer_of(home)}/jwks"))
    claims = await Tokens(keys, issuer_of(home), "ledigplads").read(header["Authorization"].removeprefix("Bearer "))
    return load_claim_rules(ServiceSettings.model_fields["identity_claims"].default).person(claims)


def test_a_demo_person_logs_in_without_a_browser_and_out_again(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login", "--as", "sb-0751-1"]) == OK
    assert "Logged in as sb-0751-1 (caseworker, 0751, team-0751-1)" in capsys.readouterr().err
    assert (home.folder / "logins.json").stat().st_mode & 0o077 == 0
    assert run(["whoami"]) == OK
    assert capsys.readouterr().out == "sb-0751-1 (caseworker, 0751, team-0751-1)\n"
    person = asyncio.run(_asked_as(home, "cli"))
    assert (person.id, person.municipality) == ("sb-0751-1", "0751")
    assert run(["logout"]) == OK
    assert run(["logout"]) == OK
    assert "Nobody was logged in" in capsys.readouterr().err


async def _asked_as(home: Home, demo: str) -> Person:
    return await _person(home, await authorization(demo))


@pytest.mark.parametrize(("demo", "role"), [("cli", Role.OPERATOR), ("demo", Role.PARTNER), ("sb-0751-1", Role.CASEWORKER)])
def test_who_has_not_logged_in_calls_as_a_demo_login_and_is_told(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, demo: str, role: Role
) -> None:
    monkeypatch.setattr("deploy.cli.signing_in._said", set())
    assert asyncio.run(_asked_as(home, demo)).roles == {role}
    assert f"calling as the demo login {demo}" in capsys.readouterr().err
    assert not (home.folder / "logins.json").exists()


def test_a_token_from_the_environment_goes_before_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDIGPLADS_TOKEN", "given")
    assert asyncio.run(authorization("cli")) == {"Authorization": "Bearer given"}


def test_a_login_that_has_expired_counts_no_more(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login", "--as", "drift-1"]) == OK
    file = home.folder / "logins.json"
    kept = json.loads(file.read_text())
    kept[issuer_of(home)]["until"] = 0
    file.write_text(json.dumps(kept))
    capsys.readouterr()
    assert run(["whoami"]) == OK
    assert "nobody is logged in" in capsys.readouterr().out


def test_a_partner_gets_a_client_of_its_own_which_is_taken_away_with_it(home: Home, tmp_path: Path) -> None:
    made = partner_client.admit("havblik")
    assert made is not None
    assert made.secret is not None
    file = tmp_path / "havblik.env"
    made.write(file)
    assert file.stat().st_mode & 0o077 == 0
    assert f"LEDIGPLADS_CLIENT_SECRET={made.secret}" in file.read_text()
    person = asyncio.run(_partner(home, made.client, made.secret))
    assert person is not None
    assert (person.roles, person.partner) == (frozenset({Role.PARTNER}), "havblik")
    again = partner_client.admit("havblik")
    assert again is not None
    assert again.secret is None
    renewed = partner_client.admit("havblik", renew=True)
    assert renewed is not None
    assert renewed.secret not in (None, made.secret)
    assert asyncio.run(_partner(home, made.client, made.secret)) is None
    assert [one.id for one in partners_of(home.login_provider)] == ["partner-havblik"]
    partner_client.dismiss("havblik")
    assert asyncio.run(_partner(home, made.client, renewed.secret or "")) is None


async def _partner(home: Home, client: str, secret: str) -> Person | None:
    async with httpx2.AsyncClient() as http:
        answer = await http.post(f"{issuer_of(home)}/token", data={"grant_type": "client_credentials"}, auth=(client, secret))
    return await _person(home, {"Authorization": f"Bearer {answer.json()['access_token']}"}) if answer.is_success else None


def test_who_is_nobody_is_told_who_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login", "--as", "nobody"]) == REFUSED
    assert "knows nobody by the name nobody" in capsys.readouterr().err


def test_where_nothing_is_up_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDIGPLADS_HOME", str(tmp_path))
    assert run(["login"]) == AWAY
    assert "Nothing is up here" in capsys.readouterr().err
    assert asyncio.run(authorization("cli")) == {}


async def test_a_person_logs_in_with_the_browser(home: Home) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDIGPLADS_")}
    login = await asyncio.create_subprocess_exec(
        _COMMAND, "login", "--no-browser",
        cwd=REPOSITORY, env=environment | {"LEDIGPLADS_HOME": str(home.folder)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert login.stderr is not None
    await login.stderr.readline()
    address = (await asyncio.wait_for(login.stderr.readline(), 30)).decode().strip()
    async with httpx2.AsyncClient(timeout=15) as browser:
        people = await browser.get(address)
        [link] = [unescape(href) for href in re.findall(r'href="(authorize[^"]*)"', people.text) if href.endswith("=leder-0751")]
        chosen = await browser.get(f"{issuer_of(home)}/{link}")
        last = await browser.get(chosen.headers["location"])
    assert "Du er logget ind" in last.text
    said = (await asyncio.wait_for(login.communicate(), 30))[1].decode()
    assert login.returncode == OK
    assert "leder-0751 (team-lead, 0751" in said
