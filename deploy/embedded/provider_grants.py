"""The provider's grants: Authlib's own, with codes in memory, signed access tokens (RFC 9068) and a key of this stack alone."""

# mypy: disable-error-code="misc"
# Authlib carries no types, so that its classes count as Any; what is ours is typed.

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Payload, OAuth2Request, grants
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import KeySet
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from joserfc.jwk import RSAKey

    from deploy.embedded.known import Client, DemoPerson, Known

SCOPES: Final = ("openid", "profile")
ALGORITHM: Final = "RS256"
_CODE_SECONDS: Final = 60.0
_TOKEN_SECONDS: Final = {"authorization_code": 10 * 3600, "client_credentials": 3600}
"""A person at the command line logs in once a day; a program asks again."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """In whose name, to whom and with which key tokens are given."""

    name: str
    audience: str
    key: RSAKey

    @property
    def keys(self) -> KeySet:
        return KeySet([self.key])


class Form(OAuth2Payload):
    """What was sent in the query and the body."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    @property
    def data(self) -> dict[str, str]:
        return {name: values[0] for name, values in self._fields.items()}

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: list(values) for name, values in self._fields.items()}


class Asked(OAuth2Request):
    """A request as Authlib reads one."""

    def __init__(self, method: str, uri: str, headers: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = Form(fields)

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data


class KnownClient(ClientMixin):
    """A program, and what it may do here."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get_client_id(self) -> str:
        return self.client.id

    def get_default_redirect_uri(self) -> str | None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(one for one in SCOPES if one in (scope or "").split())

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Letter by letter; on this machine any port, since a command line listens where there is room (RFC 8252, 7.3)."""
        if self.client.secret is not None:
            return redirect_uri in self.client.redirects
        where = urlsplit(redirect_uri)
        return f"{where.scheme}://{where.hostname}{where.path}" in self.client.redirects and not where.query

    def check_client_secret(self, client_secret: str) -> bool:
        return self.client.secret is not None and hmac.compare_digest(self.client.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token" and (method == "none") == (self.client.secret is None)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and bool(self.client.redirects)

    def check_grant_type(self, grant_type: str) -> bool:
        if grant_type == "authorization_code":
            return bool(self.client.redirects)
        return grant_type == "client_credentials" and self.client.claims is not None


@dataclass(frozen=True, slots=True)
class Code:
    """What a person granted to a program a moment ago."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    person: DemoPerson
    nonce: str | None
    challenge: str
    at: float

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(self.at)

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class User:
    """A person as Authlib reads one."""

    def __init__(self, person: DemoPerson) -> None:
        self.person = person

    def get_user_id(self) -> str:
        return self.person.id


class CodeGrant(grants.AuthorizationCodeGrant):
    """Codes are good once, for a minute."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def save_authorization_code(self, code: str, request: Asked) -> None:
        asked = request.payload.data
        self.server.codes[code] = Code(
            code=code,
            client_id=request.client.get_client_id(),
            redirect_uri=asked["redirect_uri"],
            scope=request.scope,
            person=request.user.person,
            nonce=asked.get("nonce"),
            challenge=asked["code_challenge"],
            at=time.time(),
        )

    def query_authorization_code(self, code: str, client: KnownClient) -> Code | None:
        # Taken out at the first look: whoever comes second with it gets nothing, whatever became of the first.
        found: Code | None = self.server.codes.pop(code, None)
        return found if found and found.client_id == client.client.id and time.time() - found.at < _CODE_SECONDS else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        self.server.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: Code) -> User:
        return User(authorization_code.person)


class ProofKey(CodeChallenge):
    """PKCE for every program, and by its hash only."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        if grant.request.payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Missing or unsupported 'code_challenge_method': S256 is required")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge(self, authorization_code: Code) -> str:
        return authorization_code.challenge

    def get_authorization_code_challenge_method(self, _authorization_code: Code) -> str:
        return "S256"


class IdToken(OpenIDCode):
    """Names are told to the pages that greet with them, and stand in no access token."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(require_nonce=False)
        self._issuer = issuer

    def resolve_client_private_key(self, _client: KnownClient) -> RSAKey:
        return self._issuer.key

    def get_client_algorithm(self, _client: KnownClient) -> str:
        return ALGORITHM

    def get_client_claims(self, client: KnownClient) -> dict[str, Any]:
        return {"iss": self._issuer.name, "aud": [client.get_client_id()]}

    def get_encode_header(self, _client: KnownClient) -> dict[str, Any]:
        return {"alg": ALGORITHM, "kid": self._issuer.key.kid}

    def exists_nonce(self, _nonce: str, _request: Asked) -> bool:
        return False

    def generate_user_info(self, user: User, _scope: str) -> dict[str, Any]:
        return {"sub": user.person.id, "name": user.person.name, **user.person.claims}


class AccessToken(JWTBearerTokenGenerator):
    """Access tokens as RFC 9068 has them."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(issuer.name, ALGORITHM, expires_generator=lambda _client, grant: _TOKEN_SECONDS[grant])
        self._issuer = issuer

    def get_jwks(self) -> KeySet:
        return self._issuer.keys

    def get_audiences(self, _client: KnownClient, _user: User | None, _scope: str) -> str:
        return self._issuer.audience

    def get_extra_claims(self, client: KnownClient, _grant_type: str, user: User | None, _scope: str) -> dict[str, Any]:
        return dict(user.person.claims if user is not None else client.client.claims or {})


class Server(AuthorizationServer):
    """Authlib's server, with Starlette's answers."""

    def __init__(self, issuer: Issuer, known: Callable[[], Known]) -> None:
        super().__init__(scopes_supported=list(SCOPES))
        self.codes: dict[str, Code] = {}
        self._known = known
        self.register_token_generator("default", AccessToken(issuer))
        self.register_grant(CodeGrant, [ProofKey(required=True), IdToken(issuer)])
        self.register_grant(grants.ClientCredentialsGrant)

    def query_client(self, client_id: str) -> KnownClient | None:
        found = self._known().clients.get(client_id)
        return None if found is None else KnownClient(found)

    def save_token(self, token: Mapping[str, Any], request: Asked) -> None:
        """Tokens carry their own proof: nothing is kept."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Asked) -> Asked:
        return request

    def handle_response(self, status: int, body: dict[str, Any] | str, headers: list[tuple[str, str]]) -> Response:
        shown = dict(headers)
        return JSONResponse(body, status, shown) if isinstance(body, dict) else Response(body, status, shown)
