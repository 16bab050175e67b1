"""The embedded stack's own OpenID provider: real OpenID Connect, with demo people instead of passwords.

`python -m deploy.embedded.provider --folder FOLDER --issuer URL --port N`

Whoever can open its page can be anybody, so it runs only as a child of a launcher that holds the stack's folder, and only on
this machine. Everything else names a provider of its own with LEDIGPLADS_IDENTITY_ISSUER.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import uvicorn
from authlib.oauth2 import OAuth2Error
from jinja2 import DictLoader, Environment
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from deploy.embedded import known as known_to_us
from deploy.embedded.home import Home
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.provider_grants import ALGORITHM, SCOPES, Asked, Issuer, Server, User
from deploy.embedded.provider_page import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from deploy.embedded.known import DemoPerson, Known

_LOCAL: Final = (LOOPBACK, "localhost")
_KEY: Final = "key.json"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGES: Final = Environment(loader=DictLoader({"people.html": PAGE}), autoescape=True)


class NotEmbeddedError(SystemExit):
    """The provider was started where it must not run."""


def build_app(issuer: Issuer, known: Callable[[], Known]) -> Starlette:
    """Make the provider's app; `known` is asked anew for each request, since programs come and go."""
    server = Server(issuer, known)

    async def discovery(_request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": issuer.name,
                "authorization_endpoint": f"{issuer.name}/authorize",
                "token_endpoint": f"{issuer.name}/token",
                "jwks_uri": f"{issuer.name}/jwks",
                "end_session_endpoint": f"{issuer.name}/logout",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "scopes_supported": list(SCOPES),
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def jwks(_request: Request) -> Response:
        return JSONResponse(issuer.keys.as_dict(private=False))

    async def authorize(request: Request) -> Response:
        """Show who can log in; with one of them chosen, send the browser back with a code."""
        asked = _asked(request, issuer, parse_qs(request.url.query))
        chosen = known().people.get(request.query_params.get("person") or request.query_params.get("login_hint") or "")
        try:
            grant = server.get_consent_grant(asked, end_user=chosen)
        except OAuth2Error as error:
            refused: Response = server.handle_error_response(asked, error)
            return refused
        if chosen is None:
            return _people_page(request, known().people.values())
        answer: Response = server.create_authorization_response(asked, grant_user=User(chosen), grant=grant)
        return answer

    async def token(request: Request) -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", errors="replace"))
        answer: Response = server.create_token_response(_asked(request, issuer, fields))
        return answer

    async def logout(request: Request) -> Response:
        """Go back where the program wants it; there is nothing to end here, since everybody is asked every time."""
        client = known().clients.get(request.query_params.get("client_id", ""))
        back = request.query_params.get("post_logout_redirect_uri", "")
        if client is None or back not in client.after_logout:
            return HTMLResponse("<!doctype html><title>Logget ud</title><p>Logget ud. Logged out.", headers=_HEADERS)
        state = request.query_params.get("state")
        return RedirectResponse(f"{back}?{urlencode({'state': state})}" if state else back, 303)

    async def ready(_request: Request) -> Response:
        found = known()
        detail = f"{len(found.people)} people, {len(found.clients)} programs"
        return JSONResponse({"ready": True, "checks": {"people": {"ok": True, "detail": detail}}})

    inside = [
        Route("/.well-known/openid-configuration", discovery),
        Route("/jwks", jwks),
        Route("/authorize", authorize),
        Route("/token", token, methods=["POST"]),
        Route("/logout", logout),
    ]
    return Starlette(
        routes=[Mount(urlsplit(issuer.name).path, routes=inside), Route("/healthz", ready), Route("/readyz", ready)],
    )


def _asked(request: Request, issuer: Issuer, fields: dict[str, list[str]]) -> Asked:
    return Asked(request.method, issuer.name, request.headers, fields)


def _people_page(request: Request, people: Iterable[DemoPerson]) -> Response:
    groups: dict[tuple[str, str], list[tuple[DemoPerson, str]]] = {known_to_us.FIRST: []}
    for person in people:
        # A link and no form: the way back leads to another address, which a form may not be sent to.
        link = f"authorize?{urlencode([*request.query_params.multi_items(), ('person', person.id)])}"
        group = known_to_us.FIRST if person.id in known_to_us.FIRST_PEOPLE else (person.group_da, person.group_en)
        groups.setdefault(group, []).append((person, link))
    return HTMLResponse(_PAGES.get_template("people.html").render(groups=groups), headers=_HEADERS)


def load_key(folder: Path) -> RSAKey:
    """Give the key that this stack signs with; made once, so that a restart logs nobody out."""
    file = folder / _KEY
    if not file.exists():
        made = RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        scratch = file.with_suffix(".new")
        scratch.touch(mode=0o600)
        scratch.write_bytes(orjson.dumps(made.as_dict(private=True)))
        scratch.replace(file)
    return RSAKey.import_key(orjson.loads(file.read_bytes()))


def refuse_elsewhere(folder: Path, issuer: str) -> None:
    """See that this is an embedded stack.

    Raises:
        NotEmbeddedError: it is not; the message says what to do instead.
    """
    where = urlsplit(issuer)
    is_local = where.scheme == "http" and where.hostname in _LOCAL
    if is_local and Home(folder.parent).owner() == os.getppid():
        return
    raise NotEmbeddedError(
        "login-provider cannot start: it lets anybody in as anybody, and runs only inside the embedded stack (`make up`). "
        "Name a provider of your own with LEDIGPLADS_IDENTITY_ISSUER."
    )


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--audience", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    refuse_elsewhere(given.folder, given.issuer)
    issuer = Issuer(given.issuer, given.audience, load_key(given.folder))
    uvicorn.run(
        build_app(issuer, partial(known_to_us.read, given.folder)),
        host=LOOPBACK,
        port=given.port,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
    sys.exit(0)
