"""The frame of a match: both open, a section in common, a place free, dates that meet, nothing ruled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import frame as words

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def status(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if need.status != "open":
        return Fails(words.need_closed())
    return Holds() if vacancy.status == "open" else Fails(words.vacancy_closed(vacancy))


def not_matched(_need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    return Fails(words.never_matched(vacancy)) if facts.never_matched(vacancy, terms.never_matched_sections) else Holds()


def section(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    wanted = facts.sections(need)
    if wanted.isdisjoint(vacancy.sections):
        return Fails(words.other_section(wanted, vacancy.sections, terms.never_matched_sections))
    return Holds()


def capacity(_need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if vacancy.places_free is None:
        return NotKnown(words.places_uncounted())
    return Holds() if vacancy.places_free > 0 else Fails(words.no_place_free())


def dates(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    start = facts.first_possible_start(need, vacancy, terms.today)
    if vacancy.available_until is not None and vacancy.available_until < start:
        return Fails(words.ends_before_start(start, vacancy.available_until))
    return Holds()


def ruled_out(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    for entry in need.ruled_out:
        this_opening = entry.opening is None or entry.opening == vacancy.opening
        still = entry.until is None or entry.until >= terms.today
        if entry.vacancy_id == vacancy.vacancy_id and this_opening and still:
            return Fails(words.ruled_out(entry))
    return Holds()
