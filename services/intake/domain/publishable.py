"""Persons and places in what would be published: of a need in every text, of an offer and a vacancy where it is a citizen's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from services.intake.domain.addresses import holds_street_address
from services.intake.domain.citizens import names_a_citizen, tells_a_birth_date
from services.intake.domain.outcomes import reason
from services.intake.domain.person_names import holds_person_name
from services.intake.domain.texts import paths_of_texts

if TYPE_CHECKING:
    from services.intake.domain.outcomes import ReasonCode
    from shared.contracts.receipt import Reason

TEXTS_OF_A_NEED: Final = ("team", "caseworker", "case", "deadline.source", "reason")
"""Every field of a need, of its closing and of a place ruled out that is published and is not of a closed list."""


def persons_and_places(stated: object) -> Iterator[Reason]:
    """Find what looks like a person's name or a street address.

    Args:
        stated: a draft, or the JSON document that it was to be.
    """
    for path in TEXTS_OF_A_NEED:
        text = value_at(stated, path)
        if not isinstance(text, str):
            continue
        if holds_person_name(text):
            yield reason("person_name", path)
        if holds_street_address(text):
            yield reason("street_address", path)


def citizens(document: object) -> Iterator[tuple[str, ReasonCode]]:
    """Find, in what an offer says of itself or its places, a citizen's name and date of birth: the path, and what is wrong there.

    Args:
        document: the JSON document that the draft is or was to be.
    """
    yield from ((path, "citizen_name") for path in paths_of_texts(document, names_a_citizen))
    yield from ((path, "birth_date") for path in paths_of_texts(document, tells_a_birth_date))


def value_at(stated: object, path: str) -> object:
    """Give the value at a dotted path of a draft or of a JSON document; None where there is none."""
    for name in path.split("."):
        stated = stated.get(name) if isinstance(stated, Mapping) else getattr(stated, name, None)
    return stated
