"""What the contract lets pass and a good policy does not do: weights that do not add up, numbers whose meaning is told nowhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from services.matching.domain.terms import ALWAYS, RULES, version_order
from shared.contracts import reference
from shared.contracts.settings import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.contracts.settings import Part, Rule

WHOLE: Final = 100
"""What the most points of the parts add up to."""

SPEAK_FOR_THEMSELVES: Final = frozenset({"version", "valid_from", "rules", "parts", "statements"})
"""Fields of a policy that need no statement: rules and parts carry their own."""

NEED_A_STATEMENT: Final = tuple(name for name in Policy.model_fields if name not in SPEAK_FOR_THEMSELVES)
"""Every number and list of a policy, by name; a field that the contract gains is asked for too."""

Path = tuple[str | int, ...]
"""Where in the policy: names of fields and places in lists, from the outside in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a policy, and what to do about it."""

    path: Path
    text_da: str
    text_en: str


def faults(policy: Policy) -> list[Fault]:
    """Give everything that is wrong with a policy that the contract takes, in the order of its fields."""
    return [
        *_of_the_head(policy),
        *_of_rules(policy.rules),
        *_of_parts(policy.parts),
        *_of_thresholds(policy),
        *_of_ages(policy),
        *_of_codes(policy),
        *_of_statements(policy),
    ]


def faults_beside(policy: Policy, others: Sequence[Policy]) -> list[Fault]:
    """Give what is wrong with a policy because of those that lie beside it: intake takes the one that is valid from the latest day.

    Args:
        policy: the one that is looked over.
        others: the rest of the folder, without the policy itself.
    """
    found = []
    for other in others:
        if other.version == policy.version and other.hash() != policy.hash():
            found.append(
                Fault(
                    ("version",),
                    f"har en anden fil i mappen med andet indhold ({other.hash()}); giv den her et nyt nummer",
                    f"is that of another file in the folder with other content ({other.hash()}); give this one a new number",
                )
            )
        elif other.valid_from == policy.valid_from:
            found.append(
                Fault(
                    ("valid_from",),
                    f"er også dagen for {other.version}; én dag har én politik",
                    f"is the day of {other.version} too; a day has one policy",
                )
            )
        elif (other.valid_from < policy.valid_from) != (version_order(other.version) < version_order(policy.version)):
            found.append(
                Fault(
                    ("version",),
                    f"følger ikke dagene: {other.version} gælder fra {other.valid_from}; en arbejder går kun til en nyere version",
                    f"does not follow the days: {other.version} is valid from {other.valid_from}; a worker goes to a newer version only",
                )
            )
    return found


def rules_left_out(policy: Policy) -> list[str]:
    """Give the rules that do not apply, since the policy does not name them: that may be meant, and must be seen."""
    named = {rule.code for rule in policy.rules}
    return [code for code in RULES if code not in named]


def _of_the_head(policy: Policy) -> Iterator[Fault]:
    if not _is_version(policy.version):
        yield Fault(
            ("version",),
            "skal være en dato og et nummer som 2026-11-25.1, for tallene afgør, hvad der er nyest",
            "must be a date and a number, such as 2026-11-25.1, since the numbers decide what is newest",
        )


def _is_version(text: str) -> bool:
    day, _, number = text.rpartition(".")
    try:
        return date.fromisoformat(day).isoformat() == day and number.isdecimal()
    except ValueError:
        return False


def _of_rules(rules: Sequence[Rule]) -> Iterator[Fault]:
    yield from _twice("rules", [rule.code for rule in rules])
    for code in sorted(ALWAYS - {rule.code for rule in rules}):
        yield Fault(
            ("rules",),
            f"mangler reglen {code}, som altid gælder; skriv dens ordlyd",
            f"lacks the rule {code}, which always applies; word it",
        )
    for place, rule in enumerate(rules):
        told = {name: getattr(rule, name) for name in ("text_da", "text_en", "source", "direction", "direction_da")}
        yield from _untold(("rules", place), told)


def _of_parts(parts: Sequence[Part]) -> Iterator[Fault]:
    yield from _twice("parts", [part.code for part in parts])
    whole = sum(part.max_points for part in parts)
    if whole != WHOLE:
        off = f"{abs(whole - WHOLE)} {'for mange' if whole > WHOLE else 'for få'}"
        off_en = f"{abs(whole - WHOLE)} too {'many' if whole > WHOLE else 'few'}"
        yield Fault(
            ("parts",),
            f"vægtene (max_points) giver tilsammen {whole} point, {off}; de skal give {WHOLE}",
            f"the weights (max_points) add up to {whole} points, {off_en}; they must add up to {WHOLE}",
        )
    for place, part in enumerate(parts):
        told = {name: getattr(part, name) for name in ("text_da", "text_en", "source", "direction", "direction_da")}
        yield from _untold(("parts", place), told)
        if part.points_when_unknown > part.max_points:
            yield Fault(
                ("parts", place, "points_when_unknown"),
                f"giver mere for det ukendte ({part.points_when_unknown}) end det bedste kan give ({part.max_points}); sæt det ned",
                f"gives more for the unknown ({part.points_when_unknown}) than the best can have ({part.max_points}); lower it",
            )


def _of_thresholds(policy: Policy) -> Iterator[Fault]:
    if policy.travel_full_points_km >= policy.travel_no_points_km:
        yield Fault(
            ("travel_full_points_km",),
            f"skal være mindre end travel_no_points_km ({policy.travel_no_points_km}), for den nære ende giver flest point",
            f"must be less than travel_no_points_km ({policy.travel_no_points_km}), since the near end has the most points",
        )


def _of_ages(policy: Policy) -> Iterator[Fault]:
    for place, (before, after) in enumerate(zip(policy.pension_ages, policy.pension_ages[1:], strict=False), start=1):
        if after.born_from_year <= before.born_from_year:
            yield Fault(
                ("pension_ages", place, "born_from_year"),
                f"skal komme efter {before.born_from_year}; skriv årgangene i rækkefølge",
                f"must come after {before.born_from_year}; write the years of birth in order",
            )
    yield from _twice("section_ages", [limit.section for limit in policy.section_ages])
    for place, limit in enumerate(policy.section_ages):
        if limit.from_age > limit.to_age:
            yield Fault(
                ("section_ages", place, "from_age"),
                f"er højere end to_age ({limit.to_age}); byt dem om",
                f"is higher than to_age ({limit.to_age}); change them round",
            )
        yield from _no_code(("section_ages", place, "section"), limit.section, "sections", policy.valid_from)


def _of_codes(policy: Policy) -> Iterator[Fault]:
    for name, field in Policy.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if (list_name := extra.get("x-codes")) is None:
            continue
        for place, code in enumerate(getattr(policy, name)):
            yield from _no_code((name, place), code, str(list_name), policy.valid_from)


def _of_statements(policy: Policy) -> Iterator[Fault]:
    statements = policy.statements
    yield from _twice("statements", [statement.field for statement in statements])
    told = {statement.field for statement in statements}
    for name in NEED_A_STATEMENT:
        value = getattr(policy, name)
        if name not in told and value is not None and value != ():
            yield Fault(
                ("statements",),
                f"siger intet om {name}: tilføj field: {name} med text_da, text_en, unit, direction, direction_da og source",
                f"says nothing of {name}: add field: {name} with text_da, text_en, unit, direction, direction_da and source",
            )
    for place, statement in enumerate(statements):
        yield from _untold(("statements", place), statement.model_dump(exclude={"field"}))
        if statement.field not in NEED_A_STATEMENT:
            yield Fault(
                ("statements", place, "field"),
                f"{statement.field} er ikke et felt, der skal forklares; ret navnet, eller fjern det",
                f"{statement.field} is no field that wants a statement; mend the name or take it out",
            )
        elif (unit := _unit(statement.field)) not in {None, statement.unit}:
            yield Fault(
                ("statements", place, "unit"),
                f"skal være {unit}, som kontrakten regner i",
                f"must be {unit}, as the contract counts",
            )


def _unit(field: str) -> str | None:
    extra = Policy.model_fields[field].json_schema_extra
    if not isinstance(extra, dict):
        return None
    return "codes" if "x-codes" in extra else str(extra["x-unit"]) if "x-unit" in extra else None


def _untold(where: Path, told: dict[str, str | None]) -> Iterator[Fault]:
    for name, text in told.items():
        if text is None or not text.strip():
            yield Fault((*where, name), "mangler; skriv det", "is missing; write it")


def _twice(field: str, codes: Iterable[str]) -> Iterator[Fault]:
    for code, times in Counter(codes).items():
        if times > 1:
            yield Fault((field,), f"har {code} {times} gange; behold én", f"has {code} {times} times; keep one")


def _no_code(where: Path, code: str, list_name: str, day: date) -> Iterator[Fault]:
    refusal = reference.refusal_of(code, list_name, day)
    if refusal is not None:
        told = refusal.context or {}
        yield Fault(where, f"{code} {told['text_da']}", f"{code} {told['text_en']}")
