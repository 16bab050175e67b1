"""What one draft says that cannot be true together.

Each rule looks at the fields that are there and leaves the rest alone. So the same rules serve a draft that is otherwise in order,
where they are part of its validation, and one with other mistakes, where whatever can be read is held against itself: whoever
sends it hears of everything at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, LiteralString, Protocol, Self, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]
Stated = Mapping[str, Any]
"""Values of fields by name, each as its type says; a field that was not stated, or could not be read, may be missing."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements of one draft that exclude each other, told at one of them; both texts go on from the field's name."""

    path: Path
    code: LiteralString
    text_da: str
    text_en: str


class Rule(Protocol):
    """Holds what is stated against itself."""

    def __call__(self, stated: Stated, /) -> Iterable[Contradiction]: ...


class Consistent(BaseModel):
    """A draft that does not contradict itself."""

    rule: ClassVar[Rule]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if found := tuple(type(self).rule(vars(self))):
            raise ValidationError.from_exception_data(type(self).__name__, [_told(one) for one in found])
        return self


def _told(one: Contradiction) -> InitErrorDetails:
    texts = {"text_da": one.text_da, "text_en": one.text_en}
    return InitErrorDetails(type=PydanticCustomError(one.code, "{text_en}", texts), loc=one.path, input=None)


def contradictions_in(model: type[BaseModel], document: object, at: Path = ()) -> Iterator[Contradiction]:
    """Find what contradicts itself in a document that cannot be read as a whole, by the fields that can be.

    Args:
        model: what the document was to be.
        document: as decoded from JSON.
        at: where it stands in the whole.
    """
    if not isinstance(document, dict):
        return
    readers = _readers(model)
    stated: dict[str, Any] = {}
    for name in document.keys() & readers.keys():
        try:
            stated[name] = readers[name].validate_python(document[name])
        except ValidationError:
            continue  # told by whoever could not read the whole
    if issubclass(model, Consistent):
        for found in model.rule(stated):
            yield replace(found, path=(*at, *found.path))
    for name, inner in _inner(model).items():
        value = document.get(name)
        if isinstance(value, list):
            for place, item in enumerate(value):
                yield from contradictions_in(inner, item, (*at, name, place))
        else:
            yield from contradictions_in(inner, value, (*at, name))


@cache
def _readers(model: type[BaseModel]) -> Mapping[str, TypeAdapter[Any]]:
    return {name: TypeAdapter(field.rebuild_annotation()) for name, field in model.model_fields.items()}


@cache
def _inner(model: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """Give the models that stand in the fields of a model, alone or in a list."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found[name] = part
    return found


# --- offers and vacancies ------------------------------------------------------------------------------------------


def in_offer(stated: Stated) -> Iterator[Contradiction]:
    """Hold what an offer says of itself against itself."""
    yield from _one_place(stated)
    if stated.get("registered") is False and (stated.get("register_id") or stated.get("register_department_ids")):
        yield Contradiction(
            ("registered",),
            "registration",
            "er nej, men et nummer i registret er angivet",
            "is no, but an id in the register is stated",
        )
    if stated.get("approved") is False and stated.get("approved_places"):
        yield Contradiction(
            ("approved",), "approval", "er nej, men approved_places er angivet", "is no, but approved_places is stated"
        )


def in_vacancy(stated: Stated) -> Iterator[Contradiction]:
    """Hold what is said of a vacancy against itself."""
    yield from _one_place(stated)
    if _above(stated.get("age_from"), stated.get("age_to")):
        yield Contradiction(("age_from",), "age_range", "må ikke være over age_to", "must not be above age_to")
    if _above(stated.get("available_from"), stated.get("available_until")):
        yield Contradiction(
            ("available_from",), "date_range", "må ikke være efter available_until", "must not be after available_until"
        )
    yield from _places(stated)
    yield from _exclusions(stated)
    yield from _twice(stated, "day_capacity")
    for place, capacity in enumerate(stated.get("day_capacity", ())):
        if _above(capacity.places_free, stated.get("places_total")):
            path = ("day_capacity", place, "places_free")
            yield Contradiction(path, "places", "må ikke være over places_total", "must not be above places_total")


def _one_place(stated: Stated) -> Iterator[Contradiction]:
    if stated.get("point") is not None and stated.get("location") is not None:
        yield Contradiction(("point",), "location_twice", "angiv enten point eller location", "state either point or location")


def _places(stated: Stated) -> Iterator[Contradiction]:
    free, total = stated.get("places_free"), stated.get("places_total")
    if free is not None and _above(free + stated.get("places_held", 0), total):
        yield Contradiction(
            ("places_free",),
            "places",
            "og places_held må tilsammen ikke være over places_total",
            "and places_held together must not be above places_total",
        )
    for kind in ("places_sheltered", "places_flexible"):
        if _above(stated.get(kind), free):
            yield Contradiction((kind,), "places", "må ikke være over places_free", "must not be above places_free")


def _exclusions(stated: Stated) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for place, exclusion in enumerate(stated.get("cannot_take", ())):
        path = ("cannot_take", place, "code")
        if exclusion.strength == "absolute" and exclusion.code in stated.get("target_groups", ()):
            yield Contradiction(path, "taken_and_not_taken", "står også i target_groups", "is among target_groups too")
        if exclusion.code in seen:
            yield Contradiction(path, "stated_twice", "er angivet to gange", "is stated twice")
        seen.add(exclusion.code)


def in_price_line(stated: Stated) -> Iterator[Contradiction]:
    """Hold the dates of a price against each other."""
    if _above(stated.get("valid_from"), stated.get("valid_to")):
        yield Contradiction(("valid_from",), "date_range", "må ikke være efter valid_to", "must not be after valid_to")


def in_opening_hours(stated: Stated) -> Iterator[Contradiction]:
    """Hold opening against closing; what is open over midnight is two stretches."""
    opens, closes = stated.get("opens"), stated.get("closes")
    if opens is not None and closes is not None and opens >= closes:
        yield Contradiction(("opens",), "opening_hours", "skal være før closes", "must be before closes")


# --- needs ---------------------------------------------------------------------------------------------------------

_BIRTHDAYS = {"turns_18": 18, "turns_36": 36}


def in_need(stated: Stated) -> Iterator[Contradiction]:
    """Hold what is said of a need against itself."""
    if _above(stated.get("start_from"), stated.get("start_by")):
        yield Contradiction(("start_from",), "date_range", "må ikke være efter start_by", "must not be after start_by")
    yield from _twice(stated, "half_days")
    halves = stated.get("half_days", ())
    if halves and _above(stated.get("half_days_a_week"), len(halves)):
        yield Contradiction(("half_days_a_week",), "half_days", "er flere, end half_days nævner", "is more than half_days names")
    for name, years in _BIRTHDAYS.items():
        month, born = stated.get(name), stated.get("birth_year")
        if month is not None and born is not None and int(month[:4]) != born + years:
            yield Contradiction(
                (name,), "birth_year", f"skal være i året birth_year + {years}", f"must be in the year birth_year + {years}"
            )


def _twice(stated: Stated, name: str) -> Iterator[Contradiction]:
    """Find the same half of the same weekday stated again."""
    seen: set[tuple[int, str]] = set()
    for place, half in enumerate(stated.get(name, ())):
        if (half.weekday, half.half) in seen:
            yield Contradiction((name, place), "stated_twice", "er angivet to gange", "is stated twice")
        seen.add((half.weekday, half.half))


def _above(one: Any, other: Any) -> bool:  # noqa: ANN401 - two of one ordered type
    return one is not None and other is not None and bool(one > other)
