"""What is said of each part of the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain.words import reach
from services.matching.domain.words.saying import Words, coded, concepts, side_by_side

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from services.matching.domain.water import Way
    from shared.contracts.need import NeedProfile


def services_unknown(need: NeedProfile) -> Words:
    if not need.services:
        return Words("Behovet nævner ingen ydelser.", "The need names no services.")
    return Words("Pladsen har ikke oplyst sine ydelser.", "The place has not stated its services.")


def services_given(given: list[str], missing: list[str]) -> Words:
    return _share(
        concepts(given), concepts(missing), len(given), len(given) + len(missing), ("ønskede ydelser", "wanted services")
    )


def wishes_not_stated() -> Words:
    return Words("Behovet nævner ingen ønsker.", "The need names no wishes.")


def wishes_unknown() -> Words:
    return Words("Pladsen har ikke oplyst aktiviteter eller opgaver.", "The place has not stated its activities or tasks.")


def wishes_met(activities: tuple[list[str], list[str]], tasks: tuple[list[str], list[str]]) -> Words:
    """Tell (met, missing) of activities and of work tasks."""
    met = side_by_side((coded("activities", activities[0]), coded("work-tasks", tasks[0])))
    missing = side_by_side((coded("activities", activities[1]), coded("work-tasks", tasks[1])))
    count = len(activities[0]) + len(tasks[0])
    return _share(met, missing, count, count + len(activities[1]) + len(tasks[1]), ("ønsker", "wishes"))


def _share(given: Words, missing: Words, count: int, wanted: int, what: tuple[str, str]) -> Words:
    named = (f" ({given.da})", f" ({given.en})") if given.da else ("", "")
    lacks = (f"; mangler {missing.da}", f"; missing {missing.en}") if missing.da else ("", "")
    return Words(f"{count} af {wanted} {what[0]}{named[0]}{lacks[0]}.", f"{count} of {wanted} {what[1]}{named[1]}{lacks[1]}.")


def primary_target_group(need: NeedProfile) -> Words:
    name = concepts((need.primary_target_group,))
    return Words(f"Primær målgruppe: {name.da}.", f"Primary target group: {name.en}.")


def further_target_group(codes: list[str]) -> Words:
    names = concepts(codes)
    return Words(f"Kun yderligere målgruppe: {names.da}.", f"A further target group only: {names.en}.")


def no_target_group() -> Words:
    return Words("Ingen fælles målgruppe.", "No target group in common.")


def levels_unknown(*, assessed: bool) -> Words:
    if not assessed:
        return Words("Behovets funktionsniveau er ikke vurderet.", "The need's functional level is not assessed.")
    return Words(
        "Stedet har ikke oplyst, hvilket niveau det er bemandet til i de vurderede undertemaer.",
        "The place has not stated which level it is staffed for in the subthemes that are assessed.",
    )


def levels_met(met: int, total: int, short: Iterable[tuple[str, int, int]], *, not_compared: int) -> Words:
    """Tell how many levels are covered, and each subtheme (code, needed, staffed for) that is not."""
    gaps = list(short)
    names = [concepts((code,)) for code, _, _ in gaps]
    lacks_da = "; ".join(f"{name.da}: {staffed} af {needed}" for name, (_, needed, staffed) in zip(names, gaps, strict=True))
    lacks_en = "; ".join(f"{name.en}: {staffed} of {needed}" for name, (_, needed, staffed) in zip(names, gaps, strict=True))
    rest_da = f" {not_compared} undertemaer er ikke oplyst af stedet." if not_compared else ""
    rest_en = f" {not_compared} subthemes are not stated by the place." if not_compared else ""
    return Words(
        f"Bemandet til {met} af {total} niveautrin{f' ({lacks_da})' if gaps else ''}.{rest_da}",
        f"Staffed for {met} of {total} steps of level{f' ({lacks_en})' if gaps else ''}.{rest_en}",
    )


def travel_unknown(need: NeedProfile) -> Words:
    if not need.points_of_reference:
        return Words("Behovet nævner intet sted at regne afstand fra.", "The need names no point to measure from.")
    return Words("Pladsens beliggenhed er ikke oplyst.", "Where the place lies is not stated.")


def travel(way: Way) -> Words:
    said = reach.way_said(way)
    return Words(f"{said.da}.", f"{said.en}.")


def start(first: date, late_days: int) -> Words:
    if not late_days:
        return Words(f"Kan begynde {first}, som ønsket.", f"Can begin on {first}, as wanted.")
    return Words(f"Kan begynde {first}, {late_days} dage efter ønsket.", f"Can begin on {first}, {late_days} days after wanted.")


def languages_not_stated() -> Words:
    return Words("Behovet nævner intet sprog.", "The need names no language.")


def languages_unknown() -> Words:
    return Words("Stedet har ikke oplyst, hvilke sprog det taler.", "The place has not stated which languages it speaks.")


def languages_in_common(codes: Collection[str]) -> Words:
    names = coded("languages", sorted(codes))
    return Words(f"Fælles sprog: {names.da}.", f"Languages in common: {names.en}.")


def no_language_in_common() -> Words:
    return Words("Intet fælles sprog.", "No language in common.")
