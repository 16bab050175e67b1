"""What `ledigplads policy` shows: a policy, what changed in it, and what that does, as tables and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from deploy.cli import output
from services.matching.domain.policy_effects import BELOW_THRESHOLD, OUTRANKED, shown
from services.matching.domain.policy_faults import NEED_A_STATEMENT, rules_left_out
from services.matching.domain.words import policy as words
from services.matching.domain.words.saying import concepts, municipalities, section_name

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from deploy.cli.log_state import LogState
    from deploy.cli.policy_file import Finding
    from services.matching.domain.policy_changes import Change
    from services.matching.domain.policy_effects import Effects, Groups, Tally
    from services.matching.domain.terms import Terms
    from shared.contracts.settings import Policy

_KINDS: Final = {
    "match": "Afgør match / decides matches",
    "beside": "Etiketter og køen; match ændres ikke / labels and the queue; no match changes",
    "words": "Kun ord og kilder; match ændres ikke / only words and sources; no match changes",
}
_CAUSES: Final = {
    BELOW_THRESHOLD: "for få point / too few points",
    OUTRANKED: "andre er bedre / others are better",
}
_COUNTED: Final = (
    ("needs", "behov / needs"),
    ("matches_before", "match før / before"),
    ("matches_after", "match efter / after"),
    ("gained", "vundet / gained"),
    ("lost", "mistet / lost"),
    ("needs_gaining", "behov, der vinder / needs gaining"),
    ("needs_losing", "behov, der mister / needs losing"),
    ("newly_served", "før tomme lister / lists no longer empty"),
    ("newly_empty", "nu tomme lister / lists now empty"),
    ("needs_reordered", "ny rækkefølge / other order"),
    ("needs_with_other_points", "andre point / other points"),
)


# --- one policy -------------------------------------------------------------------------------------------------------


def checked(file: str, policy: Policy | None, findings: Sequence[Finding]) -> dict[str, Any]:
    """Give a policy and what is wrong with it in their documented shape; of one that the contract refuses only that."""
    told: dict[str, Any] = {"file": file, "ok": not findings, "findings": [one.as_json() for one in findings]}
    if policy is None:
        return told
    whole = policy.model_dump(mode="json")
    return {
        **told,
        **_named(policy),
        "weights": sum(part.max_points for part in policy.parts),
        "rules": whole["rules"],
        "parts": whole["parts"],
        "numbers": {name: whole[name] for name in NEED_A_STATEMENT},
        "statements": whole["statements"],
        "left_out": rules_left_out(policy),
    }


def show_policy(policy: Policy) -> None:
    """Show everything that a policy decides by, the Danish text above the English."""
    named = _named(policy)
    output.text(f"Politik / policy {named['version']}, gælder fra / valid from {named['valid_from']}, hash {named['hash']}\n")
    rules = output.table(
        "regel / rule", "tekst / text", "enhed / unit", "retning / direction", "kilde / source", title="Regler / rules"
    )
    for rule in policy.rules:
        code = rule.code if rule.in_force_from is None else f"{rule.code}\n(fra / from {rule.in_force_from})"
        rules.add_row(
            code, _both(rule.text_da, rule.text_en), rule.unit or "", _both(rule.direction_da, rule.direction), rule.source
        )
    output.show(rules)
    if left_out := rules_left_out(policy):
        output.text(f"Gælder ikke / do not apply: {', '.join(left_out)}")
    output.text("")
    _show_parts(policy)
    _show_numbers(policy)


def _show_parts(policy: Policy) -> None:
    parts = output.table(
        "del / part",
        ">vægt / weight",
        ">ukendt / unknown",
        "tekst / text",
        "retning / direction",
        "kilde / source",
        title="Vægte / weights",
    )
    for part in policy.parts:
        parts.add_row(
            part.code,
            str(part.max_points),
            str(part.points_when_unknown),
            _both(part.text_da, part.text_en),
            _both(part.direction_da, part.direction),
            part.source,
        )
    output.show(parts)
    weights = " + ".join(str(part.max_points) for part in policy.parts)
    output.text(f"{weights} = {sum(part.max_points for part in policy.parts)} point / points\n")


def _show_numbers(policy: Policy) -> None:
    numbers = output.table(
        "felt / field", "værdi / value", "enhed / unit", "tekst / text", "retning / direction", "kilde / source",
        title="Tal og lister / numbers and lists",
    )  # fmt: skip
    told = {statement.field: statement for statement in policy.statements}
    for name in NEED_A_STATEMENT:
        said = told.get(name)
        numbers.add_row(
            name,
            words.piece(getattr(policy, name)),
            said.unit if said else words.unit_of((name,)),
            _both(said.text_da, said.text_en) if said else "",
            _both(said.direction_da, said.direction) if said else "",
            said.source if said else "",
        )
    output.show(numbers)


def _both(danish: str | None, english: str | None) -> str:
    return "\n".join(text for text in (danish, english) if text)


def _named(policy: Policy) -> dict[str, str]:
    return {"version": policy.version, "valid_from": policy.valid_from.isoformat(), "hash": policy.hash()}


# --- two policies -----------------------------------------------------------------------------------------------------


def changed(old: Policy, new: Policy, found: Sequence[Change]) -> dict[str, Any]:
    """Give what changed in its documented shape."""
    return {"old": _named(old), "new": _named(new), "changes": [_change(one) for one in found]}


def show_changes(old: Policy, new: Policy, found: Sequence[Change]) -> None:
    """Say what changed, that which decides first."""
    output.text(f"{old.version} ({old.hash()}) → {new.version} ({new.hash()})")
    if not found:
        output.text("Intet er ændret. / Nothing changed.")
    for kind, heading in _KINDS.items():
        of_kind = [one for one in found if one.kind == kind]
        if of_kind:
            output.text(f"\n{heading}:")
        for one in of_kind:
            told = words.change(one)
            output.text(f"  {told.da}")
            if told.en != told.da:
                output.text(f"  {told.en}")


def _change(one: Change) -> dict[str, Any]:
    told = words.change(one)
    return {
        "path": ".".join(one.path),
        "kind": one.kind,
        "before": _as_json(one.before),
        "after": _as_json(one.after),
        "text_da": told.da,
        "text_en": told.en,
    }


def _as_json(value: Any) -> Any:  # noqa: ANN401 - whatever a policy holds
    if isinstance(value, frozenset):
        return sorted(value)
    return {name: _as_json(inner) for name, inner in value.items()} if isinstance(value, dict) else value


# --- what they do -----------------------------------------------------------------------------------------------------


def replayed(old: Terms, new: Terms, state: LogState, effects: Effects, smallest: int) -> dict[str, Any]:
    """Give the counts in their documented shape."""
    return {
        "old": _named(old.policy),
        "new": _named(new.policy),
        "day": new.today.isoformat(),
        "needs": len(state.needs),
        "vacancies": len(state.vacancies),
        "unreadable": state.unreadable,
        "total": asdict(effects.total),
        "by_section": _groups(effects.by_section, smallest),
        "by_municipality": _groups(effects.by_municipality, smallest),
        "by_target_group": _groups(effects.by_target_group, smallest),
        "lost_by": dict(_ranked(effects.lost_by)),
        "gained_by": dict(_ranked(effects.gained_by)),
    }


def show_effects(old: Terms, new: Terms, state: LogState, effects: Effects, smallest: int) -> None:
    """Show the counts: all needs, then each way of grouping them, then why."""
    output.text(
        f"{old.policy.version} ({old.policy_hash}) → {new.policy.version} ({new.policy_hash}), {new.today}: "
        f"{len(state.needs)} åbne behov, {len(state.vacancies)} åbne pladser / open needs and places\n"
    )
    total = output.table("I alt / in all", ">")
    for name, heading in _COUNTED:
        total.add_row(heading, str(getattr(effects.total, name)))
    output.show(total)
    _show_groups("Paragraf / section", effects.by_section, section_name, smallest)
    _show_groups("Kommune", effects.by_municipality, lambda code: municipalities([code]), smallest)
    _show_groups("Målgruppe / target group", effects.by_target_group, lambda code: concepts([code]).da, smallest)
    _show_causes("Mistet på grund af / lost by", effects.lost_by, new)
    _show_causes("Vundet; før stod i vejen / gained; before stood in the way", effects.gained_by, old)
    output.text(
        "\nEt behov med flere paragraffer tæller under hver, og et match, som flere regler afviser, under hver. / "
        "A need with several sections counts under each, and a match that several rules refuse under each."
    )


def _show_groups(title: str, groups: Groups, name: Callable[[str], str], smallest: int) -> None:
    found = shown(groups, smallest)
    made = output.table(
        title, ">behov / needs", ">før / before", ">efter / after", ">+", ">−",
        ">vinder / gaining", ">mister / losing", ">nu tomme / now empty", ">anden orden / order",
    )  # fmt: skip
    for code, tally in found.groups:
        made.add_row(name(code), *_row(tally))
    if found.others_count:
        made.add_row(f"{found.others_count} små grupper / small groups (under {smallest})", *_row(found.others))
    output.text("")
    output.show(made)


def _row(tally: Tally) -> list[str]:
    return [
        str(number)
        for number in (
            tally.needs, tally.matches_before, tally.matches_after, tally.gained, tally.lost,
            tally.needs_gaining, tally.needs_losing, tally.newly_empty, tally.needs_reordered,
        )
    ]  # fmt: skip


def _show_causes(title: str, causes: Counter[str], terms: Terms) -> None:
    """Show each cause with the wording of the rule under the terms that refuse."""
    if causes:
        wording = {str(code): rule.text_da for code, rule in terms.rules.items()} | _CAUSES
        made = output.table(title, ">match", "")
        for cause, count in _ranked(causes):
            made.add_row(cause, str(count), wording.get(cause, ""))
        output.text("")
        output.show(made)


def _ranked(causes: Counter[str]) -> list[tuple[str, int]]:
    return sorted(causes.items(), key=lambda item: (-item[1], item[0]))


def _groups(groups: Groups, smallest: int) -> dict[str, Any]:
    found = shown(groups, smallest)
    return {
        "groups": {code: asdict(tally) for code, tally in found.groups},
        "others": {"groups": found.others_count, **asdict(found.others)},
    }
