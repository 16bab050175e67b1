"""What a stated vacancy means, given its offer and what is stored: a new version, nothing new, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import TypeAdapter

from services.intake.domain.openings import next_opening
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged, reason, rejected
from services.intake.domain.sites import betrayals, site_of, stated, told_of, unstated_site
from services.intake.domain.states import ErasedVacancy, VacancyState
from shared.contracts.common import trusted
from shared.contracts.reference import open_door_kinds
from shared.contracts.vacancy import StatedVacancy, Vacancy

if TYPE_CHECKING:
    from services.intake.domain.commands import WayIn
    from services.intake.domain.freshness import Moment
    from services.intake.domain.states import OfferState
    from shared.contracts.drafts import VacancyDraft

OPEN_DOORS: Final = open_door_kinds()
"""Kinds of offer that take people as they come."""


_TERMS: Final = TypeAdapter(StatedVacancy)


@dataclass(frozen=True, slots=True)
class Sent:
    """Who states a vacancy, under which name of his own, by which way."""

    sender: str
    reference: str | None
    came_in_by: WayIn


def announce(vacancy_id: str, draft: VacancyDraft, offer: OfferState, sent: Sent, moment: Moment) -> Outcome:
    """Publish a vacancy for the first time."""
    terms = stated(draft)
    if refusal := _refusal(terms, offer):
        return refusal
    term = moment.term(*_sections_and_kinds(terms, offer))
    first = _published(
        terms,
        offer,
        vacancy_id=vacancy_id,
        version=1,
        opening=1,
        came_in_by=sent.came_in_by,
        confirmed_at=moment.now,
        expires_at=term.expires_at,
    )
    return Accepted(VacancyState(first, terms_json(terms), sent.sender, sent.reference, term.remind_at), created=True)


def restate(before: VacancyState, draft: VacancyDraft, offer: OfferState, sent: Sent, moment: Moment) -> Outcome:
    """Take what is stated now for the whole truth about an existing vacancy; a closed one is open again."""
    if draft.offer_id != before.vacancy.offer_id:
        return rejected("offer_fixed", "offer_id")
    terms = stated(draft)
    if refusal := _refusal(terms, offer):
        return refusal
    old = before.vacancy
    same = _republished(before, terms, offer)
    asked = old.reminded_at is not None
    believed = old.status == "open" and not asked and moment.believes(old.confirmed_at, same.sections, same.kinds)
    written = terms_json(terms)
    if believed and written == before.stated and _says_the_same(same, old):
        return Unchanged(before)
    term = moment.term(same.sections, same.kinds)
    after = same.model_copy(
        update={
            "version": old.version + 1,
            "status": "open",
            "closed_reason": None,
            "came_in_by": sent.came_in_by,
            "confirmed_at": moment.now,
            "expires_at": term.expires_at,
            "reminded_at": None,
        }
    )
    return Accepted(VacancyState(_counted(old, after), written, before.sender, before.reference, term.remind_at))


def close(before: VacancyState, why: Literal["withdrawn", "filled", "expired"]) -> Outcome:
    """Close a vacancy; one that is closed stays as it is."""
    old = before.vacancy
    if old.status == "closed":
        return Unchanged(before)
    closed = old.model_copy(update={"version": old.version + 1, "status": "closed", "closed_reason": why})
    return Accepted(VacancyState(closed, before.stated, before.sender, before.reference))


def confirm(before: VacancyState, moment: Moment) -> Outcome:
    """Believe an open vacancy for another term of validity."""
    old = before.vacancy
    if old.status == "closed":
        return rejected("vacancy_closed")
    term = moment.term(old.sections, old.kinds)
    times = {"confirmed_at": moment.now, "expires_at": term.expires_at, "reminded_at": None}
    confirmed = old.model_copy(update={"version": old.version + 1} | times)
    return Accepted(VacancyState(confirmed, before.stated, before.sender, before.reference, term.remind_at))


def remind(before: VacancyState, moment: Moment) -> Outcome:
    """Ask the offer, once, to confirm an open vacancy that expires soon: the version that says so is the reminder."""
    old = before.vacancy
    if before.remind_at is None or not before.remind_at <= moment.now < old.expires_at:  # None of a closed one
        return Unchanged(before)
    reminded = old.model_copy(update={"version": old.version + 1, "reminded_at": moment.now})
    return Accepted(VacancyState(reminded, before.stated, before.sender, before.reference))


def expire(before: VacancyState, moment: Moment) -> Outcome:
    """Close a vacancy that was not confirmed in time."""
    return close(before, "expired") if before.vacancy.expires_at <= moment.now else Unchanged(before)


def erase(before: VacancyState) -> Outcome:
    """Leave a tombstone of a closed vacancy; an open one stays."""
    old = before.vacancy
    if old.status == "open":
        return Unchanged(before)
    return Accepted(ErasedVacancy(old.vacancy_id, old.version + 1, old.offer_id))


def follow_offer(before: VacancyState, offer: OfferState) -> Outcome:
    """Publish a vacancy again after its offer changed: another name, place or contact, or an address that is protected from now on."""
    old = before.vacancy
    after = _republished(before, before.terms, offer)
    if _says_the_same(after, old):
        return Unchanged(before)
    after = after.model_copy(update={"version": old.version + 1})
    return Accepted(VacancyState(_counted(old, after), before.stated, before.sender, before.reference, before.remind_at))


def terms_json(terms: StatedVacancy) -> bytes:
    """Write what was stated of the place itself."""
    return _TERMS.dump_json(terms)


def _refusal(terms: StatedVacancy, offer: OfferState) -> Rejected | None:
    sections, kinds = _sections_and_kinds(terms, offer)
    reasons = [] if sections or kinds else [reason("section_or_kind_missing", "sections")]
    site = site_of(terms, sections, offer)
    reasons += (*unstated_site(terms, site, offer), *betrayals(terms, site, offer))
    return Rejected(tuple(reasons)) if reasons else None


def _republished(before: VacancyState, terms: StatedVacancy, offer: OfferState) -> Vacancy:
    """Derive it anew, under the version, the opening and the times that it has."""
    old = before.vacancy
    return _published(
        terms,
        offer,
        vacancy_id=old.vacancy_id,
        version=old.version,
        opening=old.opening,
        came_in_by=old.came_in_by,
        confirmed_at=old.confirmed_at,
        expires_at=old.expires_at,
        reminded_at=old.reminded_at,
    ).model_copy(update={"status": old.status, "closed_reason": old.closed_reason})


def _published(terms: StatedVacancy, offer: OfferState, **own: Any) -> Vacancy:  # noqa: ANN401 - fields of the contract
    sections, kinds = _sections_and_kinds(terms, offer)
    public = told_of(terms, site_of(terms, sections, offer), offer) | {
        "sections": sections,
        "kinds": kinds,
        "offer_id": offer.offer.offer_id,
        "offer_name": offer.terms.name,
        "registered": offer.terms.registered,
        "approved": offer.terms.approved,
        "status": "open",
        "closed_reason": None,
        "open_door": not sections and bool(OPEN_DOORS.intersection(kinds)),
    }
    return trusted(Vacancy, public | own)


def _sections_and_kinds(terms: StatedVacancy, offer: OfferState) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take the offer's own where the vacancy states neither."""
    if terms.sections or terms.kinds:
        return terms.sections, terms.kinds
    return offer.terms.sections, offer.terms.kinds


def _counted(before: Vacancy, after: Vacancy) -> Vacancy:
    return after.model_copy(update={"opening": next_opening(before, after)})


def _says_the_same(one: Vacancy, other: Vacancy) -> bool:
    """Compare what would be published; models of a draft and of a record are of different types."""
    return one.model_dump_json() == other.model_dump_json()
