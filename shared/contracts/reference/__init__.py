"""The nation's own codes, transcribed: FFB concepts, kommuner, kinds of offer, languages, and the words of our own contracts.

Each list is a JSON file beside this module that names its source and version. A code that is not in a list, or no longer, is
refused with the nearest codes that are, or with what took its place.
"""

from shared.contracts.reference.aliases import aliases, aliases_by_word, plain
from shared.contracts.reference.codelist import CodeList
from shared.contracts.reference.items import (
    Alias,
    Coded,
    Concept,
    Former,
    Municipality,
    OfferType,
    RegionMembership,
    Word,
    is_valid,
)
from shared.contracts.reference.known import known, nearest, refusal_of
from shared.contracts.reference.lists import (
    WORD_LISTS,
    code_lists,
    concepts,
    former_codes,
    municipalities,
    offer_types,
    open_door_kinds,
    sections,
    services,
    target_groups,
    themes,
    words,
)

municipality_known = known("municipalities")
offer_type_known = known("offer-types")
section_known = known("sections")
target_group_known = known("target-groups")
service_known = known("services")
theme_known = known("themes")
language_known = known("languages")

__all__ = [
    "WORD_LISTS", "Alias", "CodeList", "Coded", "Concept", "Former", "Municipality", "OfferType", "RegionMembership", "Word",
    "aliases", "aliases_by_word", "code_lists", "concepts", "former_codes", "is_valid", "known", "language_known", "municipalities",
    "municipality_known", "nearest", "offer_type_known", "offer_types", "open_door_kinds", "plain", "refusal_of", "section_known",
    "sections", "service_known", "services", "target_group_known", "target_groups", "theme_known", "themes", "words",
]  # fmt: skip
