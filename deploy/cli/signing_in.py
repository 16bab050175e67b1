"""As whom the command line calls: whoever logged in, else in the embedded stack somebody of its demo people."""

from __future__ import annotations

import asyncio
import json
import os
import time
import webbrowser
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from deploy.cli import output
from deploy.cli.exits import CommandError, NotReachableError
from deploy.embedded.home import Home, home_folder
from deploy.embedded.known import CLI, PROGRAMS
from deploy.embedded.ports import LOOPBACK
from deploy.tokens import NoTokenError, client_token
from shared.identity.claims import load_claim_rules
from shared.identity.codeflow import CodeFlow, LoginFailedError, Program
from shared.identity.documents import read_document
from shared.identity.errors import ProviderAwayError
from shared.identity.keys import Keys
from shared.identity.provider import Provider
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.identity.person import Person

_ISSUER: Final = "LEDIGPLADS_IDENTITY_ISSUER"
_CLIENT: Final = "LEDIGPLADS_CLI_CLIENT_ID"
_GIVEN: Final = "LEDIGPLADS_TOKEN"
_SKEW_SECONDS: Final = 60.0
_EARLY_SECONDS: Final = 30.0
_WAIT_SECONDS: Final = 300.0
_MOST_REQUEST_BYTES: Final = 16_384
_ANSWER: Final = """\
HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n\
<!doctype html><html lang="da"><title>Ledigplads</title><p>{text}</p></html>"""
_said: set[str] = set()


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who logged in at the command line."""

    person: str
    words: str
    token: str = field(repr=False)
    until: float

    @property
    def is_good(self) -> bool:
        return self.until - _EARLY_SECONDS > time.time()


class Logins:
    """What is remembered of logins, by provider; only the user may read it."""

    def __init__(self) -> None:
        home = Home(home_folder())
        # As for `find_stack`: where the environment says which services are meant, the stack of this folder is not.
        embedded = None if "LEDIGPLADS_INTAKE_URL" in os.environ else home.state().get("identity")
        self.embedded = home if embedded is not None and not os.environ.get(_ISSUER) else None
        self.issuer = os.environ.get(_ISSUER) or (str(embedded["issuer"]) if embedded is not None else None)
        own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "ledigplads"
        self._file = (home.folder if self.embedded is not None else own) / "logins.json"

    def kept(self) -> Login | None:
        """Give who is logged in, if that still holds."""
        found = self._read().get(self.issuer or "")
        login = None if found is None else Login(**found)
        return login if login is not None and login.is_good else None

    def keep(self, login: Login) -> None:
        """Remember a login."""
        said = {"person": login.person, "words": login.words, "token": login.token, "until": login.until}
        self._write(self._read() | {self.issuer or "": said})

    def forget(self) -> bool:
        """Forget it; whether there was one."""
        known = self._read()
        was = known.pop(self.issuer or "", None) is not None
        if was:
            self._write(known)
        return was

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}

    def _write(self, known: Mapping[str, Any]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = self._file.with_suffix(f".{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(known), encoding="utf-8")
        scratch.replace(self._file)


async def authorization(demo: str) -> Mapping[str, str]:
    """Give the header that says who calls: LEDIGPLADS_TOKEN, else whoever logged in, else in the embedded stack a demo person.

    Args:
        demo: which: a program or a person that the stack's own provider knows. Whose name a call goes out in is said on stderr, once.
    """
    if token := os.environ.get(_GIVEN):
        return _bearer(token)
    logins = Logins()
    if (login := logins.kept()) is not None:
        return _bearer(login.token)
    if logins.embedded is None:
        return {}
    try:
        token = await client_token(demo, logins.embedded) if demo in PROGRAMS else (await log_in(logins, demo)).token
    except NoTokenError as error:
        raise NotReachableError(f"{error} `ledigplads status` says what is up.") from None
    if demo not in _said:
        _said.add(demo)
        output.say(
            f"Ikke logget ind: kalder som prøvelogin {demo}. Not logged in: calling as the demo login {demo}. (ledigplads login)"
        )
    return _bearer(token)


async def log_in(logins: Logins, demo: str | None = None, *, browser: bool = True) -> Login:
    """Log somebody in by the code flow, as a program that can keep no secret.

    Args:
        logins: where.
        demo: a person of the embedded stack's provider, who needs no browser.
        browser: whether to open one; the address is said in any case.

    Raises:
        CommandError: it did not go well, and why.
    """
    if logins.issuer is None:
        raise NotReachableError(
            f"Nothing is up here, and {_ISSUER} names no provider: start it with `make up`, or set {_ISSUER}."
        )
    provider = Provider(logins.issuer)

    async def keys() -> Mapping[str, Any]:
        return await read_document((await provider.endpoints()).jwks_uri)

    flow = CodeFlow(provider, Keys(keys), Program(os.environ.get(_CLIENT) or CLI, None), _SKEW_SECONDS, time.time)
    try:
        redirect, pending, answer = await (_by_hint(flow, demo) if demo is not None else _by_browser(flow, open_it=browser))
        granted = await flow.finish(redirect, pending, answer)
    except ProviderAwayError as error:
        raise NotReachableError(f"The login at {logins.issuer} does not answer ({error}).") from None
    except LoginFailedError as error:
        raise CommandError(f"Login mislykkedes. The login did not go well ({error}): try again.") from None
    rules = load_claim_rules(ServiceSettings.model_fields["identity_claims"].default)
    person = rules.person(granted.claims)
    return Login(person.id, _words(person), granted.access_token, time.time() + granted.expires_in)


async def _by_hint(flow: CodeFlow, demo: str) -> tuple[str, Any, Mapping[str, str]]:
    """Let the embedded provider answer at once: it takes a hint for a click."""
    redirect = f"http://{LOOPBACK}/callback"
    address, pending = await flow.begin(redirect)
    try:
        async with httpx2.AsyncClient(timeout=30) as http:
            answer = await http.get(f"{address}&{urlencode({'login_hint': demo})}")
    except httpx2.HTTPError as error:
        raise ProviderAwayError(type(error).__name__) from error
    back = answer.headers.get("location", "")
    if not back.startswith(redirect):
        raise CommandError(f"The login knows nobody by the name {demo}: `ledigplads login` shows who there is.")
    return redirect, pending, _fields(back)


async def _by_browser(flow: CodeFlow, *, open_it: bool) -> tuple[str, Any, Mapping[str, str]]:
    """Wait on this machine for what the browser brings back (RFC 8252)."""
    came: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode("latin-1").split(" ")
        is_answer = len(line) > 1 and urlsplit(line[1]).path == "/callback"
        text = "Du er logget ind: luk fanen. You are logged in: close this tab." if is_answer else "Ledigplads"
        writer.write(_ANSWER.format(text=escape(text)).encode())
        await writer.drain()
        writer.close()
        if is_answer and not came.done():
            came.set_result(_fields(line[1]))

    async with await asyncio.start_server(take, LOOPBACK, 0, limit=_MOST_REQUEST_BYTES) as server:
        redirect = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/callback"
        address, pending = await flow.begin(redirect)
        output.say(f"Log ind i browseren · Log in with the browser:\n  {address}")
        if open_it:
            await asyncio.to_thread(webbrowser.open, address)
        try:
            answer = await asyncio.wait_for(came, _WAIT_SECONDS)
        except TimeoutError:
            raise NotReachableError(f"Nobody logged in within {_WAIT_SECONDS / 60:.0f} minutes.") from None
    return redirect, pending, answer


def _fields(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _words(person: Person) -> str:
    reach = [person.municipality, person.team, person.partner, *sorted(person.offers)]
    return f"{person.id} ({', '.join(sorted(person.roles)) or 'no role'}{''.join(f', {one}' for one in reach if one)})"
