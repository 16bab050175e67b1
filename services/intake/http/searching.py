"""Reading a search from the query string: every parameter described once, for the document and for the reading."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.cpr import holds_cpr_number
from services.intake.domain.geography import to_metres
from services.intake.search.question import Question
from services.intake.timers import DENMARK
from shared.contracts import reference
from shared.contracts.common import Point
from shared.contracts.drafts import GeoPoint
from shared.web import FieldError, Parameter, Problem, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.datastructures import QueryParams

MOST_A_PAGE: Final = 100
USUALLY_A_PAGE: Final = 20
_LONGEST_QUESTION: Final = 200
_FARTHEST_KM: Final = 500
_OLDEST: Final = 120
_MOST_CODES: Final = 50
_ENTITY_ID: Final = r"^[0-9A-Za-z][0-9A-Za-z._-]{2,63}$"


def _codes(name: str, codes: Sequence[str], text_da: str, text_en: str) -> Parameter:
    schema = {"type": "array", "items": {"type": "string", "enum": list(codes)}, "maxItems": _MOST_CODES}
    return Parameter(name, schema, "query", text_da, text_en)


def _flag(name: str, text_da: str, text_en: str) -> Parameter:
    return Parameter(name, {"type": "boolean", "default": False}, "query", text_da, text_en)


Q: Final = Parameter(
    "q",
    {"type": "string", "maxLength": _LONGEST_QUESTION},
    "query",
    "Ord på dansk: stavefejl, sammensætninger, paragraffer, kommuner og aldre forstås.",
    "Words in Danish: mistakes, compounds, sections, kommuner and ages are understood.",
    example="værested i Odense",
)
NEAR: Final = Parameter(
    "near",
    {
        "type": "string",
        "pattern": rf"^(5[4-7](\.[0-9]{{1,9}})?,([89]|1[0-5])(\.[0-9]{{1,9}})?|{'|'.join(sorted(reference.municipalities()))})$",
    },
    "query",
    "Hvor afstanden regnes fra: bredde,længde (WGS 84) eller en kommunekode.",
    "Where distance counts from: latitude,longitude (WGS 84) or the code of a kommune.",
    example="55.4038,10.4024",
)
CURSOR: Final = Parameter(
    "cursor",
    {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,400}$"},
    "query",
    "`next_cursor` fra den forrige side, med alt andet som før; gælder i 15 minutter.",
    "`next_cursor` of the page before, with the same parameters; good for 15 minutes.",
)
LIMIT: Final = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST_A_PAGE, "default": USUALLY_A_PAGE},
    "query",
    "Hvor mange ad gangen.",
    "How many at a time.",
)
OFFER: Final = Parameter(
    "offer", {"type": "string", "pattern": _ENTITY_ID}, "query", "Tilbuddets id.", "Id of the offer.", required=True
)
QUESTION: Final = (
    Q,
    _codes("section", sorted(reference.sections()), "Paragraf, fx SEL-107.", "Section, such as SEL-107."),
    _codes("kind", sorted(reference.offer_types()), "Type af tilbud.", "Kind of offer."),
    _codes(
        "kommune",
        sorted(reference.municipalities()),
        "Kommunekode; steder med beskyttet adresse i landsdelen er med.",
        "Code of a kommune; places in its landsdel whose address is protected are among the hits.",
    ),
    _codes("landsdel", sorted(reference.words("landsdele")), "Landsdel.", "Landsdel (Statistics Denmark)."),
    _codes("target_group", sorted(reference.target_groups()), "FFB-målgruppe.", "FFB target group."),
    _codes("activity", sorted(reference.words("activities")), "Aktivitet.", "Activity."),
    _codes("work_task", sorted(reference.words("work-tasks")), "Arbejdsopgave.", "Work task."),
    _flag("self_referral", "Kun steder, man selv kan henvende sig til.", "Only places that one can come to oneself."),
    Parameter(
        "free_from",
        {"type": "string", "format": "date"},
        "query",
        "Der skal være en ledig plads den dag.",
        "A place must be free on that day.",
        example="2027-01-01",
    ),
    _flag("with_vacancy", "Kun steder med en ledig plads, nu eller senere.", "Only places with a vacancy, now or later."),
    Parameter(
        "age", {"type": "integer", "minimum": 0, "maximum": _OLDEST}, "query", "Borgerens alder i år.", "Age in whole years."
    ),
    Parameter(
        "language",
        {"type": "string", "enum": sorted(reference.words("languages"))},
        "query",
        "Et sprog, personalet taler.",
        "A language that staff speak.",
    ),
    NEAR,
    Parameter(
        "distance_km",
        {"type": "integer", "minimum": 1, "maximum": _FARTHEST_KM},
        "query",
        "Højst så mange km fra `near` (eller kommunen) i luftlinje; en beskyttet adresse kun efter landsdel.",
        "At most so many km from `near` (or the kommune) as the crow flies; a protected address by its landsdel only.",
    ),
)
"""What a question is made of."""


def read_question(asked: QueryParams, *others: Parameter) -> tuple[Question, Mapping[str, Any]]:
    """Read a question, and the values of the other parameters.

    Raises:
        Problem: 400, naming every parameter that is unknown or wrong.
    """
    known = {parameter.name: parameter for parameter in (*QUESTION, *others)}
    given: dict[str, list[str]] = {}
    errors: list[FieldError] = []
    for name, value in asked.multi_items():
        if name in known:
            given.setdefault(name, []).append(value)
        else:
            printable = name[:60] if name.isprintable() and not holds_cpr_number(name) else ""
            errors.append(FieldError(printable, "extra_forbidden", "kendes ikke", "is not known"))
    read: dict[str, Any] = {}
    for name, parameter in known.items():
        if name in given:
            value, wrong = _read(parameter, given[name])
            errors += [wrong] if wrong else []
            read[name] = value
        elif parameter.required:
            errors.append(FieldError(name, "missing", "skal angives", "must be given"))
    if errors:
        raise Problem(400, detail=_CORRECT, errors=errors)
    own = {parameter.name for parameter in QUESTION}
    question = Question(**{name: value for name, value in read.items() if name in own})
    return question, {name: value for name, value in read.items() if name not in own}


_CORRECT: Final = Text("Ret parametrene nedenfor.", "Correct the parameters below.")


def _read(parameter: Parameter, values: list[str]) -> tuple[Any, FieldError | None]:
    schema, name = parameter.schema, parameter.name
    if schema["type"] == "array":
        unlisted = next((value for value in values if value not in schema["items"]["enum"]), None)
        if unlisted is not None:
            return None, FieldError(name, "enum", *_instead(name, unlisted))
        wrong = FieldError(name, "enum", *_TOO_MANY) if len(values) > schema["maxItems"] else None
        return tuple(dict.fromkeys(values)), wrong
    if len(values) > 1:
        return None, FieldError(name, "repeated", "må kun stå én gang", "may stand only once")
    return _read_one(parameter, values[0])


_NOT_LISTED: Final = ("har en kode, der ikke findes; se /codes", "has a code that is none; see /codes")


_TOO_MANY: Final = (f"må stå højst {_MOST_CODES} gange", f"may stand {_MOST_CODES} times at most")
_LIST_OF: Final = {
    "section": "sections",
    "kind": "offer-types",
    "kommune": "municipalities",
    "landsdel": "landsdele",
    "target_group": "target-groups",
    "activity": "activities",
    "work_task": "work-tasks",
}


def _instead(name: str, value: str) -> tuple[str, str]:
    """Say what to use instead of a code that is none, as `/codes` does; nothing of what was sent is repeated."""
    refusal = reference.refusal_of(value, _LIST_OF[name], datetime.now(DENMARK).date())
    context = (refusal.context if refusal else None) or {}
    return (context["text_da"], context["text_en"]) if context else _NOT_LISTED


def _read_one(parameter: Parameter, value: str) -> tuple[Any, FieldError | None]:
    match parameter.schema:
        case {"type": "boolean"}:
            wrong = FieldError(parameter.name, "bool_parsing", "skal være true eller false", "must be true or false")
            return value == "true", None if value in {"true", "false"} else wrong
        case {"type": "integer"}:
            return _read_number(parameter, value)
        case {"format": "date"}:
            return _read_day(parameter.name, value)
        case _:
            return _read_text(parameter, value)


def _read_number(parameter: Parameter, value: str) -> tuple[int | None, FieldError | None]:
    low, high = parameter.schema["minimum"], parameter.schema["maximum"]
    if re.fullmatch(r"0|[1-9][0-9]{0,5}", value) and low <= int(value) <= high:
        return int(value), None
    limits = f"{low}-{high}"
    return None, FieldError(parameter.name, "range", f"skal være et helt tal, {limits}", f"must be a whole number, {limits}")


def _read_text(parameter: Parameter, value: str) -> tuple[Any, FieldError | None]:
    schema, name = parameter.schema, parameter.name
    if (allowed := schema.get("enum")) is not None and value not in allowed:
        return None, FieldError(name, "enum", *_NOT_LISTED)
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        return None, FieldError(name, "string_pattern_mismatch", "har en forkert form", "has the wrong form")
    most = schema.get("maxLength")
    if most is not None and len(value) > most:
        return None, FieldError(name, "string_too_long", f"må have højst {most} tegn", f"must have at most {most} characters")
    return (_point(value) if name == NEAR.name else value), None


def _read_day(name: str, value: str) -> tuple[date | None, FieldError | None]:
    wrong = FieldError(name, "date_parsing", "skal være en dato, ÅÅÅÅ-MM-DD", "must be a date, YYYY-MM-DD")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None, wrong
    try:
        return date.fromisoformat(value), None
    except ValueError:
        return None, wrong


def _point(value: str) -> Point:
    if (kommune := reference.municipalities().get(value)) is not None:
        return Point(easting_m=kommune.easting_m, northing_m=kommune.northing_m)
    latitude, _, longitude = value.partition(",")
    return to_metres(GeoPoint.model_construct(latitude=float(latitude), longitude=float(longitude)))
