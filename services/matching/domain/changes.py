"""The smallest change that would make a rule hold, as a program can make it: which field of which side, and what it would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

MOST_SECTIONS = 8
"""Of a need, as its contract has it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One field of the need or of the vacancy, and the value that it would have, as the contract's model holds it."""

    of: Literal["need", "vacancy"]
    field: str
    to: Any


def on_need(**fields: object) -> tuple[Step, ...]:
    return tuple(Step("need", field, to) for field, to in fields.items())


def on_vacancy(**fields: object) -> tuple[Step, ...]:
    return tuple(Step("vacancy", field, to) for field, to in fields.items())


def sections_to_add(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> list[str]:
    """Give the place's sections that the need could name too, in their order; never one that no need is registered for."""
    wanted = {one.section for one in need.sections}
    if len(need.sections) >= MOST_SECTIONS:
        return []
    return sorted(set(vacancy.sections) - wanted - terms.never_matched_sections)


def as_json(step: Step, need: NeedProfile, vacancy: Vacancy) -> dict[str, Any]:
    """Tell a step with what the field is now."""
    model = need if step.of == "need" else vacancy
    changed = model.model_copy(update={step.field: step.to})
    before, after = (one.model_dump(mode="json", include={step.field})[step.field] for one in (model, changed))
    return {"of": step.of, "field": step.field, "from": before, "to": after}


def made(steps: Collection[Step], need: NeedProfile, vacancy: Vacancy) -> tuple[NeedProfile, Vacancy]:
    """Give both sides as they would be after these steps."""
    of_need = {step.field: step.to for step in steps if step.of == "need"}
    of_vacancy = {step.field: step.to for step in steps if step.of == "vacancy"}
    return need.model_copy(update=of_need), vacancy.model_copy(update=of_vacancy)
