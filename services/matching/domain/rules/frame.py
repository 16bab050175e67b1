"""The frame of a match: both open, a section in common, a place free, dates that meet, nothing ruled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts
from services.matching.domain.changes import on_need, on_vacancy, sections_to_add
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import frame as words
from shared.contracts.need import WantedSection

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile, RuledOut
    from shared.contracts.vacancy import Vacancy


def status(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    """Tell of the need first; where both are closed, both are to be opened."""
    if need.status == vacancy.status == "open":
        return Holds()
    of_need = on_need(status="open", closed_reason=None) if need.status != "open" else ()
    of_vacancy = on_vacancy(status="open", closed_reason=None) if vacancy.status != "open" else ()
    reason = words.need_closed() if of_need else words.vacancy_closed(vacancy)
    return Fails(reason.by(*of_need, *of_vacancy))


def not_matched(_need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    return Fails(words.never_matched(vacancy)) if facts.never_matched(vacancy, terms.never_matched_sections) else Holds()


def section(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    wanted = facts.sections(need)
    if wanted.isdisjoint(vacancy.sections):
        reason = words.other_section(wanted, vacancy.sections, terms.never_matched_sections)
        if not vacancy.sections:
            return Fails(reason.by(*on_vacancy(sections=(min(wanted),))))
        possible = sections_to_add(need, vacancy, terms)[:1]
        added = on_need(sections=(*need.sections, *map(_wanted, possible))) if possible else ()
        return Fails(reason.by(*added))
    return Holds()


def _wanted(section: str) -> WantedSection:
    return WantedSection(section=section)


def capacity(_need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if vacancy.places_free is None:
        return NotKnown(words.places_uncounted())
    return Holds() if vacancy.places_free > 0 else Fails(words.no_place_free().by(*on_vacancy(places_free=1)))


def dates(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    start = facts.first_possible_start(need, vacancy, terms.today)
    if vacancy.available_until is not None and vacancy.available_until < start:
        return Fails(words.ends_before_start(start, vacancy.available_until).by(*on_vacancy(available_until=start)))
    return Holds()


def ruled_out(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    in_the_way = [entry for entry in need.ruled_out if _rules_out(entry, vacancy, terms)]
    if not in_the_way:
        return Holds()
    rest = tuple(entry for entry in need.ruled_out if entry not in in_the_way)
    return Fails(words.ruled_out(in_the_way[0]).by(*on_need(ruled_out=rest)))


def _rules_out(entry: RuledOut, vacancy: Vacancy, terms: Terms) -> bool:
    this_opening = entry.opening is None or entry.opening == vacancy.opening
    still = entry.until is None or entry.until >= terms.today
    return entry.vacancy_id == vacancy.vacancy_id and this_opening and still
