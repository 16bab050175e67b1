"""What a request says beside its body: who asks, on which condition, under which key, and for which page."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from services.intake.domain.authority import ANYONE, Caller, PartnerCaller, PersonCaller
from services.intake.domain.conditions import Condition, Tags
from services.intake.domain.cpr import holds_cpr_number
from services.intake.idempotency import Once
from shared.identity.grants import grant_of
from shared.identity.permissions import Whose
from shared.identity.person import Role
from shared.web import FieldError, Parameter, Problem, Text, read_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from services.intake.store import Store
    from shared.contracts.submission import SubmissionKind

MOST_LISTED: Final = 1000
_USUALLY_LISTED: Final = 100

Status = Literal["open", "closed"]

_ENTITY_ID: Final = r"^[0-9A-Za-z][0-9A-Za-z._-]{2,63}$"
_KEY: Final = r'^("[ !#-\[\]-~]{1,200}"|[0-9A-Za-z._~:/+=-]{1,200})$'
_TAGS: Final = r'^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$'
_ONE_TAG: Final = re.compile(r'(W/)?("[!#-~]*")')

IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    {"type": "string", "pattern": _KEY},
    "header",
    "Afsenderens egen nøgle for anmodningen: samme nøgle og samme anmodning giver samme svar i 7 dage, og gøres kun én gang.",
    "The sender's own key for the request: the same key and request give the same answer for 7 days, and it is done only once.",
)
IF_MATCH: Final = Parameter(
    "If-Match",
    {"type": "string", "pattern": _TAGS},
    "header",
    'Kun hvis det stadig er den version, du hentede: dens ETag, fx "1.3". Ellers 412.',
    'Only if it is still the version that you fetched: its ETag, such as "1.3". Otherwise 412.',
    example='"1.3"',
)
IF_NONE_MATCH: Final = Parameter(
    "If-None-Match",
    {"type": "string", "pattern": _TAGS},
    "header",
    "*: kun hvis det ikke findes i forvejen. Ellers 412.",
    "*: only if it does not exist yet. Otherwise 412.",
    example="*",
)
SEEN_BEFORE: Final = Parameter(
    "If-None-Match",
    {"type": "string", "pattern": _TAGS},
    "header",
    "Den ETag, du har: svaret er 304 uden indhold, hvis intet er ændret.",
    "The ETag that you have: the answer is 304 without a body if nothing has changed.",
    example='"1.3"',
)
LIMIT: Final = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": _USUALLY_LISTED},
    "query",
    "Hvor mange ad gangen.",
    "How many at a time.",
)
AFTER: Final = Parameter(
    "after",
    {"type": "string", "pattern": _ENTITY_ID},
    "query",
    "`next` fra den forrige side.",
    "`next` of the page before.",
)
STATUS: Final = Parameter(
    "status",
    {"type": "string", "enum": list(get_args(Status))},
    "query",
    "Kun åbne eller kun lukkede.",
    "Only open or only closed.",
)
WRITING: Final = (IDEMPOTENCY_KEY,)
CHANGING: Final = (*WRITING, IF_MATCH)


def path_parameter(name: str, text_da: str, text_en: str) -> Parameter:
    """Describe an id in the path."""
    return Parameter(name, {"type": "string", "pattern": _ENTITY_ID}, "path", text_da, text_en, required=True)


async def caller_of(request: Request) -> Caller:
    """Say who asks, and how far they reach on this route.

    Raises:
        Problem: 403 when a partner's system asks that was never declared, or no longer is.
    """
    grant = grant_of(request)
    if Role.PARTNER in grant.roles:
        store: Store = request.state.store
        partner = None if grant.partner is None else await store.partner_named(grant.partner)
        if partner is None:
            raise Problem(403, errors=[_NOT_DECLARED])
        return PartnerCaller(partner)
    if Role.OPERATOR in grant.roles and grant.reaches(Whose.ALL):
        grant.was_asked = True
        return ANYONE
    kinds = frozenset(kind for role in grant.roles for kind in _KINDS.get(role, ()))
    return PersonCaller(grant.asker.id, kinds, grant.offers, grant.municipalities, grant.asker.offers)


_KINDS: Final[Mapping[Role, tuple[SubmissionKind, ...]]] = {
    Role.OFFER_STAFF: ("offer", "vacancy"),
    Role.CASEWORKER: ("need",),
    Role.TEAM_LEAD: ("need",),
}
_NOT_DECLARED: Final = FieldError(
    "",
    "partner_unknown",
    "partneren er ikke erklæret her; bed driften om det",
    "the partner has not been declared here; ask the operators to do it",
)


def condition_of(request: Request) -> Condition:
    """Read the conditions of a change.

    Raises:
        Problem: 400 when a header cannot be read.
    """
    return Condition(_tags(_header(request, IF_MATCH)), _tags(_header(request, IF_NONE_MATCH), weak_too=True))


async def once_of(request: Request, caller: Caller) -> Once | None:
    """Read under which key a request is to be done once, if it says so.

    Raises:
        Problem: 400 when the header cannot be read.
    """
    key = _header(request, IDEMPOTENCY_KEY)
    if key is None:
        return None
    said = (request.method, request.url.path, request.url.query, *(request.headers.get(name, "") for name in _SAID_IN_HEADERS))
    fingerprint = hashlib.sha256("\n".join(said).encode() + b"\n" + await read_bytes(request)).digest()
    return Once(caller.name, key.strip('"'), fingerprint)


_SAID_IN_HEADERS: Final = ("if-match", "if-none-match")


def seen_before(request: Request) -> Tags | None:
    """Read which versions of a record a reader has.

    Raises:
        Problem: 400 when the header cannot be read.
    """
    return _tags(_header(request, SEEN_BEFORE), weak_too=True)


def id_in_path(request: Request, name: str) -> str:
    """Read an id in the path; what can be no id is not there.

    Raises:
        Problem: 404.
    """
    given: str = request.path_params[name]
    if not re.fullmatch(_ENTITY_ID, given):
        raise Problem(404, errors=[FieldError(name, "string_pattern_mismatch", *_NO_ID)])
    return given


def new_id_in_path(request: Request, name: str) -> str:
    """Read an id in the path that would be published as the name of something new.

    Raises:
        Problem: 422 when it can be none.
    """
    given: str = request.path_params[name]
    if not re.fullmatch(_ENTITY_ID, given):
        raise Problem(422, errors=[FieldError(name, "string_pattern_mismatch", *_NO_ID)])
    if holds_cpr_number(given):
        named = FieldError(
            name, "cpr_number", "ligner et CPR-nummer; vælg et andet id", "looks like a CPR number; choose another id"
        )
        raise Problem(422, errors=[named])
    return given


_NO_ID: Final = (
    "skal være 3 til 64 bogstaver, tal, punktum, bindestreg eller understreg",
    "must be 3 to 64 letters, digits, dots, hyphens or underscores",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of a list."""

    limit: int
    after: str | None
    status: Status | None
    others: Mapping[str, str]


def page_of(request: Request, *parameters: Parameter) -> Asked:
    """Read which page of a list is asked for; a parameter that is not known is an error, not a silent loss.

    Args:
        request: what asks.
        parameters: those that the list knows, beside `limit` and `after`.

    Raises:
        Problem: 400, naming every parameter that is wrong.
    """
    known = {parameter.name: parameter for parameter in (LIMIT, AFTER, *parameters)}
    given: dict[str, str] = {}
    errors = []
    for name, value in request.query_params.multi_items():
        parameter = known.get(name)
        if parameter is None:
            printable = name if name.isprintable() and not holds_cpr_number(name) else ""
            errors.append(FieldError(printable[:60], "extra_forbidden", "kendes ikke", "is not known"))
        elif name in given:
            errors.append(FieldError(name, "repeated", "må kun stå én gang", "may stand only once"))
        elif (wrong := _wrong(parameter, value)) is not None:
            errors.append(wrong)
        given[name] = value
    errors += (
        FieldError(parameter.name, "missing", "skal angives", "must be given")
        for parameter in parameters
        if parameter.required and parameter.name not in given
    )
    if errors:
        raise Problem(400, detail=_CORRECT, errors=errors)
    status: Any = given.get(STATUS.name)
    return Asked(int(given.get(LIMIT.name, _USUALLY_LISTED)), given.get(AFTER.name), status, given)


_CORRECT: Final = Text("Ret parametrene nedenfor.", "Correct the parameters below.")


def _wrong(parameter: Parameter, value: str) -> FieldError | None:
    schema = parameter.schema
    if schema["type"] == "integer":
        if re.fullmatch(r"[1-9][0-9]{0,8}", value) and schema["minimum"] <= int(value) <= schema["maximum"]:
            return None
        limits = f"{schema['minimum']}-{schema['maximum']}"
        return FieldError(parameter.name, "range", f"skal være et helt tal, {limits}", f"must be a whole number, {limits}")
    if (allowed := schema.get("enum")) is not None and value not in allowed:
        words = ", ".join(allowed) if len(allowed) < _FEW else ""
        return FieldError(
            parameter.name, "enum", f"skal være en af {words or 'de kendte'}", f"must be one of {words or 'those known'}"
        )
    if (pattern := schema.get("pattern")) is not None and not re.fullmatch(pattern, value):
        return FieldError(parameter.name, "string_pattern_mismatch", "har en forkert form", "has the wrong form")
    return None


_FEW: Final = 12


def _header(request: Request, parameter: Parameter) -> str | None:
    values = request.headers.getlist(parameter.name)
    if not values:
        return None
    value = ", ".join(values)
    if not re.fullmatch(parameter.schema["pattern"], value):
        wrong = FieldError(parameter.name, "string_pattern_mismatch", "har en forkert form", "has the wrong form")
        raise Problem(400, errors=[wrong])
    return value


def _tags(value: str | None, *, weak_too: bool = False) -> Tags | None:
    """Read a list of entity tags; a weak one never matches a version that is to be changed (RFC 9110, 13.1.1)."""
    if value is None:
        return None
    if value.strip() == "*":
        return "*"
    return frozenset(tag for weak, tag in _ONE_TAG.findall(value) if weak_too or not weak)
