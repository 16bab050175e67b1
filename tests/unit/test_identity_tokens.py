"""Which tokens are believed: only the provider's own, for us, now, in its own hand and by its own means."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.identity.errors import ProviderAwayError, Refusal, TokenRefusedError
from shared.identity.keys import Keys, Patience, public_keys
from shared.identity.person import Role
from shared.identity.tokens import ID_TOKEN_KINDS, Tokens
from tests.support.identity import AUDIENCE, ISSUER, Signer, claims_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SKEW = 60.0


@dataclass(slots=True)
class _Provider:
    """A provider that counts how often it is asked, and can be away; the test moves its clock."""

    signer: Signer
    away: bool = False
    asked: int = 0
    now: float = 1000.0
    extra: list[dict[str, Any]] = field(default_factory=list)

    async def fetch(self) -> Mapping[str, Any]:
        self.asked += 1
        if self.away:
            raise ProviderAwayError("away")
        return {"keys": [*self.signer.jwks()["keys"], *self.extra]}

    def keys(self) -> Keys:
        return Keys(self.fetch, Patience(fresh=300, kept=3600, again=10), clock=lambda: self.now)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    made = Signer(tmp_path)
    made.rotate()
    return made


@pytest.fixture
def provider(signer: Signer) -> _Provider:
    return _Provider(signer)


@pytest.fixture
def tokens(provider: _Provider) -> Tokens:
    return Tokens(provider.keys(), ISSUER, AUDIENCE, clock_skew_seconds=SKEW)


async def _refused(tokens: Tokens, token: str) -> Refusal:
    with pytest.raises(TokenRefusedError) as refused:
        await tokens.read(token)
    return refused.value.reason


def _claims(**other: Any) -> dict[str, Any]:
    return {
        name: value for name, value in (claims_for(Role.CASEWORKER, municipality="0751") | other).items() if value is not None
    }


async def test_a_token_of_the_provider_for_us_is_believed(tokens: Tokens, signer: Signer) -> None:
    claims = await tokens.read(signer.sign(_claims()))
    assert (claims["sub"], claims["roles"], claims["municipality"]) == ("person-1", ["caseworker"], "0751")


async def test_an_audience_may_be_one_of_several(tokens: Tokens, signer: Signer) -> None:
    assert await tokens.read(signer.sign(_claims(aud=["another", AUDIENCE])))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"aud": "somebody-else"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"iss": "https://login.evil"}, "issuer"),
        ({"iss": f"{ISSUER}/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"exp": None}, "expired"),
        ({"exp": "2999-01-01"}, "expired"),
        ({"exp": True}, "expired"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "a\nb"}, "subject"),
        ({"nbf": "soon"}, "not-yet-valid"),
    ],
)
async def test_a_token_that_does_not_say_what_it_must_is_refused(
    tokens: Tokens, signer: Signer, wrong: dict[str, Any], reason: Refusal
) -> None:
    assert await _refused(tokens, signer.sign(_claims(**wrong))) == reason


async def test_an_expired_token_is_refused_and_the_skew_of_clocks_is_allowed_for(tokens: Tokens, signer: Signer) -> None:
    now = time.time()
    assert await tokens.read(signer.sign(_claims(exp=int(now - SKEW / 2))))
    assert await _refused(tokens, signer.sign(_claims(exp=int(now - SKEW - 2)))) == "expired"


@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_a_token_from_the_future_is_refused_and_the_skew_of_clocks_is_allowed_for(
    tokens: Tokens, signer: Signer, name: str
) -> None:
    now = time.time()
    assert await tokens.read(signer.sign(_claims(**{name: int(now + SKEW / 2)})))
    assert await _refused(tokens, signer.sign(_claims(**{name: int(now + SKEW + 5)}))) == "not-yet-valid"


async def test_a_token_without_a_signature_is_refused(tokens: Tokens, signer: Signer) -> None:
    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(document)).rstrip(b"=").decode()

    for algorithm in ("none", "None", "NONE", ""):
        header = {"alg": algorithm, "typ": "at+jwt", "kid": signer.keys[0].kid}
        assert await _refused(tokens, f"{part(header)}.{part(_claims())}.") == "algorithm"
    stripped = signer.sign(_claims()).rpartition(".")[0] + "."
    assert await _refused(tokens, stripped) == "signature"


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(tokens: Tokens, signer: Signer) -> None:
    public = signer.keys[0].public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "at+jwt", "kid": signer.keys[0].kid}
    # By hand, because no library signs with such a secret.
    forged = jws.serialize_compact(header, orjson.dumps(_claims()), OctKey.import_key(base64.b64encode(public)), ["HS256"])
    assert await _refused(tokens, forged) == "algorithm"


async def test_an_algorithm_that_is_not_the_keys_own_is_refused(tokens: Tokens, provider: _Provider) -> None:
    rsa = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    provider.extra.append(rsa.as_dict(private=False))
    free = RSAKey.import_key(
        {name: value for name, value in rsa.as_dict(private=True).items() if name not in ("alg", "kid", "use")}
    )
    assert await tokens.read(jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": rsa.kid}, _claims(), free))
    for algorithm in ("RS512", "PS256"):
        swapped = jwt.encode({"alg": algorithm, "typ": "at+jwt", "kid": rsa.kid}, _claims(), free, algorithms=[algorithm])
        assert await _refused(tokens, swapped) == "algorithm"
    # Another type of key under the same id.
    other = provider.signer.sign(_claims(), kid=rsa.kid)
    assert await _refused(tokens, other) == "algorithm"


async def test_a_token_of_a_stranger_under_a_known_key_id_is_refused(tokens: Tokens, signer: Signer) -> None:
    stranger = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": signer.keys[0].kid}
    assert await _refused(tokens, jwt.encode(header, _claims(), stranger)) == "signature"


async def test_claims_that_were_changed_are_refused(tokens: Tokens, signer: Signer) -> None:
    head, _, rest = signer.sign(_claims()).partition(".")
    changed = base64.urlsafe_b64encode(orjson.dumps(_claims(municipality="0101"))).rstrip(b"=").decode()
    assert await _refused(tokens, f"{head}.{changed}.{rest.partition('.')[2]}") == "signature"


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "....", "æ.ø.å", "x" * 20_000, "eyJhbGciOiJFUzI1NiJ9.W10.AAAA"])
async def test_what_is_no_token_is_refused_without_a_question_to_the_provider(
    tokens: Tokens, provider: _Provider, text: str
) -> None:
    assert await _refused(tokens, text) in {"malformed", "unknown-key", "signature"}
    assert provider.asked <= 1


async def test_a_header_with_an_extension_that_we_must_understand_is_refused(tokens: Tokens, signer: Signer) -> None:
    payload = orjson.dumps(_claims())
    header = {"alg": "ES256", "typ": "at+jwt", "kid": signer.keys[0].kid, "crit": ["b64"], "b64": True}
    token = jws.serialize_compact(header, payload, signer.keys[0], ["ES256"])
    head = base64.urlsafe_b64encode(orjson.dumps(header | {"crit": ["other"], "other": 1})).rstrip(b"=").decode()
    assert await _refused(tokens, f"{head}.{token.partition('.')[2]}") in {"algorithm", "signature"}


async def test_a_token_of_another_kind_is_refused(provider: _Provider, tokens: Tokens, signer: Signer) -> None:
    assert await _refused(tokens, signer.sign(_claims(), typ="logout+jwt")) == "kind"
    id_tokens = Tokens(provider.keys(), ISSUER, AUDIENCE, kinds=ID_TOKEN_KINDS)
    assert await _refused(id_tokens, signer.sign(_claims())) == "kind"


async def test_a_new_key_is_believed_at_once_and_the_one_before_it_never_again(
    tokens: Tokens, provider: _Provider, signer: Signer
) -> None:
    old = signer.sign(_claims())
    assert await tokens.read(old)
    signer.rotate()
    provider.now += 20
    assert await tokens.read(signer.sign(_claims()))
    assert await _refused(tokens, old) == "unknown-key"


async def test_a_key_that_was_withdrawn_is_refused_once_the_keys_are_no_longer_fresh(
    tokens: Tokens, provider: _Provider, signer: Signer
) -> None:
    stale = signer.sign(_claims())
    assert await tokens.read(stale)
    signer.rotate()
    provider.now += 299
    assert await tokens.read(stale)
    provider.now += 2
    assert await _refused(tokens, stale) == "unknown-key"


async def test_invented_key_ids_are_no_flood_of_questions(tokens: Tokens, provider: _Provider, signer: Signer) -> None:
    assert await tokens.read(signer.sign(_claims()))
    for number in range(50):
        assert await _refused(tokens, signer.sign(_claims(), kid=f"invented-{number}")) == "unknown-key"
    assert provider.asked == 1
    provider.now += 11
    for number in range(50):
        assert await _refused(tokens, signer.sign(_claims(), kid=f"invented-{number}")) == "unknown-key"
    assert provider.asked == 2


async def test_a_provider_that_is_away_opens_no_door(tokens: Tokens, provider: _Provider, signer: Signer) -> None:
    provider.away = True
    with pytest.raises(ProviderAwayError):
        await tokens.read(signer.sign(_claims()))
    with pytest.raises(ProviderAwayError):
        await tokens.read(signer.sign(_claims()))
    assert provider.asked == 1
    provider.away, provider.now = False, provider.now + 11
    assert await tokens.read(signer.sign(_claims()))


async def test_known_keys_outlast_a_provider_that_is_away_for_an_hour_and_no_longer(
    tokens: Tokens, provider: _Provider, signer: Signer
) -> None:
    assert await tokens.read(signer.sign(_claims()))
    provider.away = True
    provider.now += 3599
    assert await tokens.read(signer.sign(_claims()))
    provider.now += 2
    with pytest.raises(ProviderAwayError):
        await tokens.read(signer.sign(_claims()))


async def test_a_token_without_a_key_id_is_judged_only_where_there_is_one_key(
    tokens: Tokens, provider: _Provider, signer: Signer
) -> None:
    nameless = jwt.encode({"alg": "ES256", "typ": "at+jwt"}, _claims(), signer.keys[0])
    assert await tokens.read(nameless)
    provider.extra.append(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=False))
    provider.now += 301
    assert await _refused(tokens, nameless) == "unknown-key"


def test_of_a_key_set_only_public_signing_keys_are_taken() -> None:
    good = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True).as_dict(private=False)
    document = {
        "keys": [
            good,
            OctKey.generate_key(256, auto_kid=True).as_dict(private=True),
            ECKey.generate_key("P-256", {"use": "enc"}, auto_kid=True).as_dict(private=False),
            {"kty": "EC", "kid": "broken"},
            {"kty": "new", "kid": "unknown"},
            "no key at all",
        ]
    }
    assert list(public_keys(document)) == [good["kid"]]
    assert public_keys({"keys": "none"}) == {}
