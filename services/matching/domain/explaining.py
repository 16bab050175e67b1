"""The answer to "why" and "why not": one assessment as the public JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.matching.domain.changes import as_json
from services.matching.domain.labels import labels
from services.matching.domain.reference import assess

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.words.saying import Reason
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def change(reason: Reason, need: NeedProfile, vacancy: Vacancy) -> dict[str, Any] | None:
    """Tell what would make the rule hold: in words, and field by field where fields hold it; None where nobody can change it."""
    if reason.change is None:
        return None
    steps = [as_json(step, need, vacancy) for step in reason.steps]
    return {"text_da": reason.change.da, "text_en": reason.change.en, "steps": steps}


def explain(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> dict[str, Any]:
    """Judge a pair and tell it: points per part that add up to the score, each failed rule with its remedy, each unknown.

    `proposed` says whether the pair would stand on a list: eligible, and at or above the threshold.
    """
    found = assess(need, vacancy, terms)
    return {
        "eligible": found.eligible,
        "proposed": found.eligible and found.score >= terms.policy.threshold,
        "score": found.score,
        "threshold": terms.policy.threshold,
        "parts": [
            {
                "code": code,
                "points": part.points,
                "max": terms.parts[code].max_points,
                "known": part.known,
                "text_da": f"{terms.parts[code].text_da}: {part.words.da}",
                "text_en": f"{terms.parts[code].text_en}: {part.words.en}",
            }
            for code, part in found.parts.items()
        ],
        "failed": [
            {"code": code, "text_da": reason.words.da, "text_en": reason.words.en, "change": change(reason, need, vacancy)}
            for code, reason in found.failed.items()
        ],
        "unknown": list(found.unknown),
        "unknown_texts": [{"code": code, "text_da": words.da, "text_en": words.en} for code, words in found.unknown.items()],
        "labels": [{"code": code, "text_da": told.da, "text_en": told.en} for code, told in labels(need, vacancy, terms).items()],
        "policy": terms.policy_hash,
        "policy_version": terms.policy.version,
        "day": terms.today.isoformat(),
    }
