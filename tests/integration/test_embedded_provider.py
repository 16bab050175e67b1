"""The embedded stack's own OpenID provider, as the launcher starts it."""

from __future__ import annotations

import base64
import hashlib
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from deploy.embedded import known
from deploy.embedded.home import Home
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.provider import load_key
from deploy.tokens import NoTokenError, client_token
from shared.identity import Role
from shared.identity.claims import load_claim_rules
from shared.identity.documents import read_document
from shared.identity.errors import TokenRefusedError
from shared.identity.keys import Keys
from shared.identity.provider import Provider
from shared.identity.tokens import ID_TOKEN_KINDS, Tokens
from shared.settings import ServiceSettings
from tests.support.login_provider import issuer_of, running_provider
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES = load_claim_rules(ServiceSettings.model_fields["identity_claims"].default)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with running_provider(tmp_path_factory.mktemp("stack")) as made:
        yield made


async def _tokens(home: Home, audience: str = "ledigplads", kinds: frozenset[str] | None = None) -> Tokens:
    jwks = (await Provider(issuer_of(home)).endpoints()).jwks_uri
    made = Tokens(Keys(lambda: read_document(jwks)), issuer_of(home), audience)
    return made if kinds is None else Tokens(made.keys, made.issuer, audience, kinds)


class _Login:
    """A browser and a program that log somebody in."""

    def __init__(self, home: Home, client: str = known.CLI, redirect: str = "http://127.0.0.1:7777/callback") -> None:
        self.issuer = issuer_of(home)
        self.client, self.redirect = client, redirect
        self.verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        self.asked = {
            "response_type": "code", "client_id": client, "redirect_uri": redirect, "scope": "openid profile",
            "state": "s1", "nonce": "n1", "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip

    async def ask(self, **other: str | None) -> httpx2.Response:
        asked = {name: value for name, value in (self.asked | other).items() if value is not None}
        async with httpx2.AsyncClient(timeout=10) as http:
            return await http.get(f"{self.issuer}/authorize", params=asked)

    async def code(self, person: str) -> str:
        answer = await self.ask(person=person)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["location"])
        assert parse_qs(back.query)["state"] == ["s1"]
        return parse_qs(back.query)["code"][0]

    async def exchange(self, code: str, **other: str) -> httpx2.Response:
        sent = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect,
            "client_id": self.client, "code_verifier": self.verifier,
        }  # fmt: skip
        async with httpx2.AsyncClient(timeout=10) as http:
            return await http.post(f"{self.issuer}/token", data=sent | other)


def test_it_refuses_to_run_outside_an_embedded_stack(tmp_path: Path) -> None:
    for issuer in (f"http://{LOOPBACK}:8000/login-provider", "https://login.kommune.example"):
        tried = subprocess.run(
            [
                sys.executable, "-m", "deploy.embedded.provider",
                "--folder", str(tmp_path / "login-provider"), "--issuer", issuer, "--audience", "ledigplads", "--port", "1",
            ],
            cwd=REPOSITORY, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert tried.returncode == 1
        assert "runs only inside the embedded stack" in tried.stderr
        assert "Traceback" not in tried.stderr


def test_it_runs_for_nobody_but_the_launcher_that_holds_the_stack(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.owned():
        # Another process starts it: the folder is held, but not by its parent.
        words = [sys.executable, "-m", "deploy.embedded.provider", "--folder", str(home.login_provider)]
        words += ["--issuer", f"http://{LOOPBACK}:8000/login-provider", "--audience", "ledigplads", "--port", "1"]
        code = f"import subprocess, sys; sys.exit(subprocess.run({words!r}).returncode)"
        tried = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert tried.returncode == 1
    assert "runs only inside the embedded stack" in tried.stderr


async def test_one_click_makes_somebody_of_the_sample_of_a_newcomer(home: Home) -> None:
    login = _Login(home)
    page = await login.ask()
    assert page.status_code == 200
    assert "Vælg, hvem du vil være" in page.text
    assert page.text.count("<script") == 0
    people = known.read(home.login_provider).people
    assert {role for one in people.values() for role in one.claims["roles"]} == {
        Role.OFFER_STAFF, Role.CASEWORKER, Role.TEAM_LEAD, Role.OPERATOR,
    }  # fmt: skip
    assert all(one.name in page.text.replace("&#39;", "'") for one in people.values())


async def test_a_login_gives_tokens_that_the_services_believe(home: Home) -> None:
    login = _Login(home)
    said = (await login.exchange(await login.code("sb-0751-1"))).json()
    claims = await (await _tokens(home)).read(said["access_token"])
    person = RULES.person(claims)
    assert (person.id, person.roles, person.municipality) == ("sb-0751-1", frozenset({Role.CASEWORKER}), "0751")
    assert "name" not in claims, "a name is for the page that greets, and travels in no access token"
    about = await (await _tokens(home, known.CLI, ID_TOKEN_KINDS)).read(said["id_token"])
    assert about["nonce"] == "n1"
    assert RULES.name_of(about).startswith("Sagsbehandler 1")
    assert RULES.person(about) == person


async def test_an_id_token_is_no_access_token(home: Home) -> None:
    login = _Login(home)
    said = (await login.exchange(await login.code("drift-1"))).json()
    with pytest.raises(TokenRefusedError) as refused:
        await (await _tokens(home)).read(said["id_token"])
    assert refused.value.reason == "audience"


async def test_a_code_is_good_once_and_only_for_who_began(home: Home) -> None:
    login = _Login(home)
    code = await login.code("drift-1")
    assert (await login.exchange(code)).status_code == 200
    assert (await login.exchange(code)).json()["error"] == "invalid_grant"
    other = secrets.token_urlsafe(48)
    assert (await login.exchange(await login.code("drift-1"), code_verifier=other)).json()["error"] == "invalid_grant"
    assert (await login.exchange(await login.code("drift-1"), code_verifier="")).status_code == 400
    elsewhere = await login.exchange(await login.code("drift-1"), redirect_uri="http://127.0.0.1:1/callback")
    assert elsewhere.json()["error"] == "invalid_grant"
    as_web = await login.exchange(await login.code("drift-1"), client_id=known.WEB)
    assert as_web.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "http://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:7777/elsewhere"},
        {"redirect_uri": "http://127.0.0.1.evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
async def test_a_code_goes_to_no_address_that_is_not_the_programs(home: Home, wrong: dict[str, str]) -> None:
    answer = await _Login(home).ask(person="drift-1", **wrong)
    assert answer.status_code in {400, 401}
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "wrong",
    [{"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"response_type": "token"}],
)
async def test_nothing_but_a_code_with_a_hashed_proof_is_given(home: Home, wrong: dict[str, str | None]) -> None:
    answer = await _Login(home).ask(person="drift-1", **wrong)
    assert "code=" not in answer.headers.get("location", "")
    assert "error" in answer.text + answer.headers.get("location", "")


async def test_a_program_logs_in_by_its_secret(home: Home) -> None:
    person = RULES.person(await (await _tokens(home)).read(await client_token("sample", home)))
    assert (person.id, person.roles, person.partner) == ("sample", frozenset({Role.PARTNER}), "sample")
    operator = RULES.person(await (await _tokens(home)).read(await client_token("launcher", home)))
    assert operator.roles == {Role.OPERATOR}
    with pytest.raises(NoTokenError, match="refuses the client stranger"):
        await client_token("stranger", home)


async def test_a_program_without_its_secret_gets_nothing(home: Home) -> None:
    async with httpx2.AsyncClient() as http:
        for auth in (("sample", "guessed"), ("sample", ""), (known.CLI, "x")):
            answer = await http.post(f"{issuer_of(home)}/token", data={"grant_type": "client_credentials"}, auth=auth)
            assert answer.status_code in {400, 401}, auth
        public = await http.post(f"{issuer_of(home)}/token", data={"grant_type": "client_credentials", "client_id": known.CLI})
        assert public.status_code in {400, 401}


async def test_a_logout_leads_back_to_the_pages_and_nowhere_else(home: Home) -> None:
    address = home.state()["address"]
    async with httpx2.AsyncClient() as http:
        asked = {"client_id": known.WEB, "post_logout_redirect_uri": f"{address}/logout", "state": "x"}
        back = await http.get(f"{issuer_of(home)}/logout", params=asked)
        assert back.headers["location"] == f"{address}/logout?state=x"
        elsewhere = await http.get(
            f"{issuer_of(home)}/logout", params=asked | {"post_logout_redirect_uri": "https://evil.example"}
        )
        assert "location" not in elsewhere.headers


def test_a_restart_signs_with_the_same_key(home: Home) -> None:
    key = home.login_provider / "key.json"
    assert key.stat().st_mode & 0o077 == 0
    assert (home.login_provider / "clients.json").stat().st_mode & 0o077 == 0
    before = key.read_bytes()
    assert load_key(home.login_provider).kid
    assert key.read_bytes() == before
