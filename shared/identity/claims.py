"""What a provider claims of somebody, as a person of ours: which claim says what is configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

from shared.identity.person import Person, Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MUNICIPALITY: Final = re.compile(r"\d{4}", re.ASCII)
_CVR: Final = re.compile(r"\d{8}", re.ASCII)
_P_NUMBER: Final = re.compile(r"\d{10}", re.ASCII)
_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{2,63}")
_PARTNER: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TEAM: Final = re.compile(r"[^\x00-\x1f]{1,60}")
_ROLE: Final = re.compile("|".join(Role))
_MOST_OF_A_NAME: Final = 120


class Rule(BaseModel):
    """Where one thing about a person stands, and what the provider's words for it mean here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: str | tuple[str, ...]
    values: dict[str, str] | None = None

    def words(self, claims: Mapping[str, Any]) -> list[str]:
        """Give what is said, in our words."""
        found: Any = claims
        for step in (self.claim,) if isinstance(self.claim, str) else self.claim:
            found = found.get(step) if isinstance(found, dict) else None
        said = [str(one) for one in (found if isinstance(found, list) else [found]) if isinstance(one, str | int)]
        return said if self.values is None else [self.values[word] for word in said if word in self.values]


class ClaimRules(BaseModel):
    """A rule for each thing that is known of a person. What has no rule is not known of anybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: Rule
    municipality: Rule | None = None
    team: Rule | None = None
    offers: Rule | None = None
    cvr: Rule | None = None
    p_numbers: Rule | None = None
    partner: Rule | None = None
    language: Rule | None = None
    name: Rule | None = Field(default=None, description="For the page that the person sees, and nowhere else.")

    def person(self, claims: Mapping[str, Any]) -> Person:
        """Make the person of verified claims; what is unknown or not of its form is left out, and so gives no access."""
        language = _first(self.language, claims, _TEAM)
        return Person(
            id=str(claims["sub"]),
            roles=frozenset(Role(word) for word in _all(self.roles, claims, _ROLE)),
            municipality=_first(self.municipality, claims, _MUNICIPALITY),
            team=_first(self.team, claims, _TEAM),
            offers=frozenset(_all(self.offers, claims, _ID)),
            cvr=frozenset(_all(self.cvr, claims, _CVR)),
            p_numbers=frozenset(_all(self.p_numbers, claims, _P_NUMBER)),
            partner=_first(self.partner, claims, _PARTNER),
            language="en" if language is not None and language.lower().startswith("en") else "da",
        )

    def name_of(self, claims: Mapping[str, Any]) -> str:
        """Give the name that the page greets with; empty when none is said."""
        words = [] if self.name is None else self.name.words(claims)
        return " ".join(words[0].split())[:_MOST_OF_A_NAME] if words else ""


def load_claim_rules(file: Path) -> ClaimRules:
    """Read the rules.

    Raises:
        pydantic.ValidationError: the file is not as it should be.
    """
    return ClaimRules.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


def _all(rule: Rule | None, claims: Mapping[str, Any], form: re.Pattern[str]) -> list[str]:
    return [] if rule is None else [word for word in rule.words(claims) if form.fullmatch(word)]


def _first(rule: Rule | None, claims: Mapping[str, Any], form: re.Pattern[str]) -> str | None:
    """Where there can be only one, two different ones are none: nobody guesses for whom somebody works."""
    found = set(_all(rule, claims, form))
    return found.pop() if len(found) == 1 else None
