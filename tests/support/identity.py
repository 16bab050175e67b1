"""A provider's signature for tests: tokens for whomever a test wants to be, judged by the code that judges real ones.

`tests/conftest.py` puts `environment()` into the environment, so that settings that a test makes, and processes that it starts,
believe the tokens of this session's `SIGNER`.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.identity import Person, Role
from shared.identity.sessions import Lifetimes, Sessions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ISSUER: Final = "https://login.test"
AUDIENCE: Final = "ledigplads"
SESSION_SECRET: Final = "a secret that lives for one run of the tests"


@dataclass(slots=True)
class Signer:
    """A provider's keys, and the JWKS document that tells of them."""

    folder: Path
    keys: list[ECKey] = field(default_factory=list)

    @property
    def jwks_file(self) -> Path:
        return self.folder / "jwks.json"

    @property
    def jwks_url(self) -> str:
        return self.jwks_file.as_uri()

    def rotate(self) -> None:
        """Sign with a new key from now on, and tell of no other."""
        self.keys = [ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)]
        self.jwks_file.write_bytes(orjson.dumps(self.jwks()))

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        key = self.keys[0]
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid} | header, dict(claims), key)


def _new_signer() -> Signer:
    folder = Path(tempfile.mkdtemp(prefix="ledigplads-signer-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Signer(folder)
    made.rotate()
    return made


SIGNER: Final = _new_signer()


def environment() -> dict[str, str]:
    """Let a service believe the tokens of `SIGNER`."""
    return {
        "LEDIGPLADS_IDENTITY_ISSUER": ISSUER,
        "LEDIGPLADS_IDENTITY_AUDIENCE": AUDIENCE,
        "LEDIGPLADS_IDENTITY_JWKS_URL": SIGNER.jwks_url,
        "LEDIGPLADS_IDENTITY_SESSION_SECRET": SESSION_SECRET,
    }


def claims_for(
    *roles: Role,
    person: str = "person-1",
    municipality: str | None = None,
    team: str | None = None,
    offers: Collection[str] = (),
    cvr: Collection[str] = (),
    p_numbers: Collection[str] = (),
    partner: str | None = None,
    language: str = "da",
    seconds: float = 3600,
) -> dict[str, Any]:
    """What a provider would say of such a person."""
    now = time.time()
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": person,
        "iat": int(now),
        "exp": int(now + seconds),
        "roles": [str(role) for role in roles],
        "municipality": municipality,
        "team": team,
        "offers": list(offers),
        "cvr": list(cvr),
        "p_number": list(p_numbers),
        "partner": partner,
        "locale": language,
    }
    return {name: value for name, value in said.items() if value not in (None, [])}


def token_for(*roles: Role, **said: Any) -> str:
    """An access token for such a person, described as for `claims_for`: `token_for(Role.CASEWORKER, municipality="0751")`."""
    return SIGNER.sign(claims_for(*roles, **said))


def bearer(token: str) -> dict[str, str]:
    """The header that sends a token."""
    return {"Authorization": f"Bearer {token}"}


def person_with(*roles: Role, person: str = "person-1", municipality: str | None = None, offers: Collection[str] = ()) -> Person:
    """A person as the middleware would set it."""
    return Person(person, frozenset(roles), municipality, None, frozenset(offers), frozenset(), frozenset(), None, "da")


def cookie_for(person: Person, public_url: str, name: str = "Prøve Person") -> tuple[str, str]:
    """A session cookie as name and value, and so what a browser would have after the login."""
    sessions = Sessions([SESSION_SECRET], public_url, Lifetimes(3600, 36_000))
    name_and_value, _, _ = sessions.cookie(sessions.begin(person, name)).partition(";")
    cookie, _, value = name_and_value.partition("=")
    return cookie, value


def csrf_for(cookie: tuple[str, str], public_url: str) -> str:
    """The token that a form of that session carries."""
    sessions = Sessions([SESSION_SECRET], public_url, Lifetimes(3600, 36_000))
    session = sessions.read("=".join(cookie))
    assert session is not None
    return sessions.csrf_of(session)
