"""Who is logged in at a page: an encrypted cookie that all three services can read, since no two of them share a database."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field, replace
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from shared.identity.person import Person, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HEADER: Final = {"alg": "dir", "enc": "A256GCM", "zip": "DEF"}
_ALGORITHMS: Final = ("dir", "A256GCM", "DEF")
MOST_COOKIE_BYTES: Final = 3_900
"""Browsers drop cookies of more than 4,096 bytes with name and attributes."""


class SessionTooLargeError(Exception):
    """What the provider claims of this person, such as hundreds of offers, does not fit into a cookie."""


@dataclass(frozen=True, slots=True)
class Session:
    """One login at the pages.

    Attributes:
        person: who it is.
        name: what the page calls them; never logged.
        id: of this login.
        began: when they logged in, seconds since 1970.
        expires: when it ends unless it is renewed.
    """

    person: Person
    name: str = field(repr=False)
    id: str
    began: int
    expires: int


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lasts, in seconds."""

    idle: int
    """Since the person was last active."""
    whole: int
    """Since they logged in."""


class Sealer:
    """Encrypts small documents so that only the services read them, and nobody changes them.

    Args:
        secret: shared by the services; an older one may follow it, so that what was sealed with it still opens.
        purpose: a document sealed for one purpose does not open for another.
    """

    def __init__(self, secrets_: Sequence[str], purpose: str) -> None:
        self._keys = [OctKey.import_key(_derived(secret, purpose)) for secret in secrets_]

    def seal(self, document: object) -> str:
        """Encrypt with the newest secret."""
        return jwe.encrypt_compact(_HEADER, orjson.dumps(document), self._keys[0], algorithms=_ALGORITHMS)

    def open(self, sealed: str) -> Any | None:  # noqa: ANN401 - JSON that we wrote
        """Decrypt; None when it is not ours."""
        for key in self._keys:
            try:
                return orjson.loads(jwe.decrypt_compact(sealed, key, algorithms=_ALGORITHMS).plaintext or b"")
            except (JoseError, ValueError):
                continue
        return None


class Sessions:
    """Begins, reads, renews and ends sessions.

    Args:
        secrets_: see `Sealer`.
        public_url: the one origin; over https the cookie is Secure and bound to the host.
        lifetimes: how long they last.
        clock: seconds since 1970.
    """

    def __init__(
        self, secrets_: Sequence[str], public_url: str, lifetimes: Lifetimes, clock: Callable[[], float] = time.time
    ) -> None:
        self._sealer = Sealer(secrets_, "session")
        self._csrf_key = _derived(secrets_[0], "csrf")
        self._lifetimes = lifetimes
        self._clock = clock
        self.cookies = Cookies.at(public_url, "session")

    def begin(self, person: Person, name: str) -> Session:
        """Make a new session."""
        now = int(self._clock())
        return Session(person, name, secrets.token_urlsafe(12), now, now + min(self._lifetimes.idle, self._lifetimes.whole))

    def renew(self, session: Session) -> Session:
        """Let it last from now on again, but never beyond the whole."""
        now = int(self._clock())
        return replace(session, expires=min(now + self._lifetimes.idle, session.began + self._lifetimes.whole))

    def wants_renewal(self, session: Session) -> bool:
        """Whether a tenth of the time has gone, so that a new cookie is worth sending."""
        return self.renew(session).expires - session.expires > self._lifetimes.idle // 10

    def read(self, cookie_header: str | None) -> Session | None:
        """Give the session of a request, None when there is none, or none that holds now."""
        sealed = self.cookies.value(cookie_header)
        document = None if sealed is None else self._sealer.open(sealed)
        session = None if document is None else _session(document)
        now = self._clock()
        if session is None or now >= session.expires or now >= session.began + self._lifetimes.whole:
            return None
        return session

    def cookie(self, session: Session) -> str:
        """Write the session as a Set-Cookie header.

        Raises:
            SessionTooLargeError: the browser would drop it.
        """
        written = self.cookies.written(self._sealer.seal(_document(session)), max(0, session.expires - int(self._clock())))
        if len(written) > MOST_COOKIE_BYTES:
            raise SessionTooLargeError
        return written

    def csrf_of(self, session: Session) -> str:
        """Give the token that a form of this session carries."""
        return hmac.new(self._csrf_key, session.id.encode(), hashlib.sha256).hexdigest()

    def is_csrf_of(self, session: Session, token: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.csrf_of(session).encode(), token.encode())


@dataclass(frozen=True, slots=True)
class Cookies:
    """One cookie of our origin, and how it is written."""

    name: str
    secure: bool

    @classmethod
    def at(cls, public_url: str, what: str) -> Self:
        """Name it for this origin: over https with the prefix that binds it to the host; else by its port, which cookies do not know."""
        where = urlsplit(public_url)
        if where.scheme == "https":
            return cls(f"__Host-ledigplads-{what}", secure=True)
        return cls(f"ledigplads-{what}-{where.port or 80}", secure=False)

    def written(self, value: str, seconds: int) -> str:
        """Write Set-Cookie: no script reads it, and no other site's form sends it."""
        return f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{'; Secure' if self.secure else ''}"

    def forgotten(self) -> str:
        """Write the Set-Cookie that takes it away."""
        return self.written("", 0)

    def value(self, header: str | None) -> str | None:
        """Read it from a Cookie header."""
        if header is None or self.name not in header:
            return None
        try:
            found = SimpleCookie(header).get(self.name)
        except CookieError:
            return None
        return found.value if found is not None and found.value else None


def _derived(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"ledigplads {purpose}".encode()).derive(secret.encode())


def _document(session: Session) -> dict[str, object]:
    person = session.person
    return {
        "id": session.id,
        "began": session.began,
        "expires": session.expires,
        "name": session.name,
        "sub": person.id,
        "roles": sorted(person.roles),
        "municipality": person.municipality,
        "team": person.team,
        "offers": sorted(person.offers),
        "cvr": sorted(person.cvr),
        "p_numbers": sorted(person.p_numbers),
        "partner": person.partner,
        "language": person.language,
    }


def _session(document: Any) -> Session | None:  # noqa: ANN401 - JSON
    try:
        person = Person(
            id=document["sub"],
            roles=frozenset(map(Role, document["roles"])),
            municipality=document["municipality"],
            team=document["team"],
            offers=frozenset(document["offers"]),
            cvr=frozenset(document["cvr"]),
            p_numbers=frozenset(document["p_numbers"]),
            partner=document["partner"],
            language=document["language"],
        )
        return Session(person, document["name"], document["id"], document["began"], document["expires"])
    except (KeyError, TypeError, ValueError):
        # Sealed by another version of the system: whoever has it logs in again.
        return None
