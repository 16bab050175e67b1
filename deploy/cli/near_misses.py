"""What `ledigplads explain NEED` writes for a person: the near misses by cause, Danish first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def show(answer: Mapping[str, Any]) -> None:
    """Write an answer of matching's on the near misses of a need."""
    output.text(answer["text_da"])
    output.text(answer["text_en"])
    if answer["causes"]:
        output.text("")
        _show_causes(answer["causes"])
    if answer["unknown"]["rules"]:
        output.text("")
        output.text("Ukendt, og udelukker ikke: spørg stedet. / Unknown, and excludes nothing: ask the place.")
        for rule in answer["unknown"]["rules"]:
            output.text(f"  {rule['count']:>4}  {rule['text_da']} [{rule['code']}]")
            output.text(f"        {rule['text_en']}")
            _show_places(rule["examples"])
    below = answer["below_threshold"]
    if below["count"]:
        output.text("")
        output.text(
            f"{below['count']} passer, men har under {answer['threshold']} point. / They fit, with fewer points than that."
        )
        _show_places(below["examples"])
    output.text("")
    _show_rest(answer)
    output.text(f"Policy {answer['policy']} · {answer['day']}")


def _show_causes(causes: Iterable[Mapping[str, Any]]) -> None:
    """Write a row per cause: how many, on what, what would let the nearest in, and the nearest with their points."""
    table = output.table(
        ">Antal\nCount",
        "Falder kun på\nFails only on",
        "Det nærmeste, og hvad der skal til\nThe nearest, and what it takes",
        "Nærmest\nNearest",
    )
    for cause in causes:
        names = f"{cause['rules_da']}\n{cause['rules_en']}"
        nearest = "\n".join(
            f"{place['offer_name']}, {_points(place['score'])}\n{place['vacancy_id']}" for place in cause["examples"]
        )
        table.add_row(str(cause["count"]), names, _what_it_takes(cause["nearest"]), nearest)
    output.show(table)


def _what_it_takes(nearest: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for rule in nearest["failed"]:
        change = rule["change"]
        lines += [rule[text] + (f" → {change[text]}" if change else "") for text in ("text_da", "text_en")]
    after = nearest["after"]
    if after is not None and not after["proposed"]:
        lines.append(f"Derefter {_points(after['score'])}, og foreslås ikke. / Then it is not proposed all the same.")
    return "\n".join(lines)


def _show_places(places: Iterable[Mapping[str, Any]]) -> None:
    for place in places:
        output.text(f"          {place['vacancy_id']}  {place['offer_name']}, {_points(place['score'])}")


def _show_rest(answer: Mapping[str, Any]) -> None:
    output.text(
        f"Af {answer['open']} åbne pladser: {answer['other_sections']} efter andre paragraffer, {answer['found_only']} foreslås aldrig, "
        f"{answer['more_rules'] + answer['other_pairs_of_rules']} falder på flere regler."
    )
    output.text(
        f"Of {answer['open']} open places: {answer['other_sections']} under other sections, {answer['found_only']} are never proposed, "
        f"{answer['more_rules'] + answer['other_pairs_of_rules']} fail on more rules."
    )


def _points(score: int) -> str:
    return f"{score} point"
