"""A policy's pieces and what changes in them, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.matching.domain.policy_changes import tree
from services.matching.domain.words.saying import Words
from shared.contracts.settings import Policy

if TYPE_CHECKING:
    from services.matching.domain.policy_changes import Change

_PLURAL_OF_POINTS = "points"


def change(told: Change) -> Words:
    """Say one difference in a line."""
    what = _subject(told.path)
    if told.before is None:
        return Words(f"{what.da} er ny{_summary(told.after).da}", f"{what.en} is new{_summary(told.after).en}")
    if told.after is None:
        return Words(f"{what.da} er fjernet", f"{what.en} is taken out")
    if isinstance(told.before, frozenset) and isinstance(told.after, frozenset):
        signed = _signed(told.before, told.after)
        return Words(f"{what.da}: {signed}", f"{what.en}: {signed}")
    unit = unit_of(told.path)
    before, after = _value(told.before), _value(told.after)
    return Words(
        f"{what.da}: {before} → {after}{' point' if unit == _PLURAL_OF_POINTS else f' {unit}' if unit else ''}",
        f"{what.en}: {before} → {after}{f' {unit}' if unit else ''}",
    )


def unit_of(path: tuple[str, ...]) -> str:
    """Give the unit of a number of the policy, as the contract has it; empty where it has none."""
    if path[-1] in {"max_points", "points_when_unknown"}:
        return _PLURAL_OF_POINTS
    field = Policy.model_fields.get(path[0])
    extra = field.json_schema_extra if field is not None and isinstance(field.json_schema_extra, dict) else {}
    return str(extra.get("x-unit", ""))


def piece(value: object) -> str:
    """Write a number, a list or a piece of a policy, the way it is read aloud."""
    return _value(tree(value))


def _subject(path: tuple[str, ...]) -> Words:
    match path:
        case ("rules", code):
            return Words(f"reglen {code}", f"the rule {code}")
        case ("parts", code):
            return Words(f"delen {code}", f"the part {code}")
        case ("parts", code, "max_points"):
            return Words(f"vægten af {code}", f"the weight of {code}")
        case ("parts", code, "points_when_unknown"):
            return Words(f"point for ukendt {code}", f"points for unknown {code}")
        case _:
            dotted = ".".join(path)
            return Words(dotted, dotted)


def _summary(piece: object) -> Words:
    """Tell a new piece by its own words, else by its values."""
    if isinstance(piece, dict):
        texts = [piece.get(name) for name in ("text_da", "text_en")]
        weight = piece.get("max_points")
        if all(texts):
            points = ("", "") if weight is None else (f" (højst {weight} point)", f" (at most {weight} points)")
            return Words(f"{points[0]}: {texts[0]}", f"{points[1]}: {texts[1]}")
    told = _value(piece)
    return Words(f": {told}", f": {told}")


def _signed(before: frozenset[str], after: frozenset[str]) -> str:
    return ", ".join([*(f"+{code}" for code in sorted(after - before)), *(f"−{code}" for code in sorted(before - after))])


def _value(value: Any) -> str:  # noqa: ANN401 - whatever a policy holds
    if isinstance(value, dict):
        return ", ".join(f"{name} {_inner(inner)}" for name, inner in value.items())
    if isinstance(value, frozenset):
        return "[" + ", ".join(sorted(map(str, value))) + "]"
    return "–" if value is None else str(value)


def _inner(value: Any) -> str:  # noqa: ANN401 - whatever a policy holds
    """Write what lies inside a piece: a list of pieces by how many there are, since each is told where it changes."""
    is_list = isinstance(value, dict) and bool(value) and all(isinstance(piece, dict) for piece in value.values())
    return f"({len(value)})" if is_list else _value(value)
