"""What came in, read into a command, or every reason why not. Every way in goes through here; no value is ever repeated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from services.intake.domain.addresses import holds_street_address
from services.intake.domain.authority import PartnerCaller, may_act_for, may_send, may_speak_for
from services.intake.domain.citizens import names_a_citizen, tells_a_birth_date
from services.intake.domain.commands import (
    CloseNeed,
    CloseVacancy,
    Command,
    ConfirmVacancy,
    Named,
    PostNeed,
    PostVacancy,
    PutOffer,
)
from services.intake.domain.cpr import fields_with_cpr_number, holds_cpr_number
from services.intake.domain.numbers import with_whole_numbers
from services.intake.domain.offers import CRISIS_CENTRE
from services.intake.domain.outcomes import Rejected, reason, rejected
from services.intake.domain.person_names import holds_person_name
from services.intake.domain.publishable import citizens, persons_and_places, value_at
from services.intake.domain.texts import fields_with_control_character
from shared.contracts.contradictions import contradictions_in
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.receipt import Reason
from shared.contracts.submission import (
    KIND_OF_TYPE,
    NEED_CLOSED,
    NEED_SUBMITTED,
    OFFER_SUBMITTED,
    VACANCY_CONFIRMED,
    VACANCY_SUBMITTED,
    NeedReference,
    VacancyReference,
)
from shared.web.validation import field_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.domain.outcomes import ReasonCode
    from services.intake.domain.partners import Partner
    from services.intake.domain.submissions import Submission
    from shared.contracts.vacancy import StatedVacancy

_Model = TypeVar("_Model", bound=BaseModel)

MOST_BODY_BYTES: Final = 256 * 1024
"""Of one draft. What is published of it must fit a record of Kafka, of some 1 MB, with room to spare."""

_MOST_REASONS: Final = 200
_MOST_PATH_CHARACTERS: Final = 100

_FIXED: Final[dict[str, ReasonCode]] = {"offer_id": "offer_fixed", "reference": "reference_fixed"}
"""What of a vacancy is not changed, and why."""

_NUMBERS_OF_ANOTHER_KIND: Final = frozenset({"cvr", "p_number"})
_ABOUT_OFFERS: Final = frozenset({OfferDraft, VacancyDraft, VacancyReference})
"""Of these, an offer says in public who is to be rung and where it lies; all else is about a citizen."""


def read_draft(model: type[_Model], body: bytes | None, *, written: str | None = None) -> _Model | Rejected:
    """Read the body of an offer, a vacancy or a need, or of a reference to one.

    Args:
        model: what it is to be.
        body: JSON.
        written: all text in it that is no code of a list, where the caller knows: the rest is not searched for numbers of persons.
    """
    draft, reasons, _ = _read(model, body, written)
    return draft if draft is not None and not reasons else Rejected(tuple(reasons))


def merger(changes: dict[str, Any]) -> Callable[[str, StatedVacancy], VacancyDraft | Rejected]:
    """Make what puts some changed fields into what was stated of a vacancy before."""

    def merge(offer_id: str, terms: StatedVacancy) -> VacancyDraft | Rejected:
        if fixed := [name for name in _FIXED if name in changes]:
            return Rejected(tuple(reason(_FIXED[name], name) for name in fixed))
        stated: dict[str, Any] = orjson.loads(terms.model_dump_json())
        left = {name: value for name, value in stated.items() if name in changes or not _is_overtaken(name, value, changes)}
        return read_draft(VacancyDraft, orjson.dumps(_merged(left | {"offer_id": offer_id}, changes)))

    return merge


def _is_overtaken(name: str, stated: object, changes: dict[str, Any]) -> bool:
    """Say whether a change makes unknown what was stated before: metres by another point, places of a kind by fewer free ones."""
    if name == "location":
        return "point" in changes
    free = changes.get("places_free")
    return name in {"places_sheltered", "places_flexible"} and isinstance(stated, int) and isinstance(free, int) and stated > free


def _merged(stated: object, changes: object) -> object:
    """Merge as RFC 7396 says: objects field by field, null takes a field away, everything else replaces what was there."""
    if not isinstance(changes, dict):
        return changes
    merged = dict(stated) if isinstance(stated, dict) else {}
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def read_submission(submission: Submission, partner: Partner, new_id: Callable[[], str]) -> Command | Rejected:
    """Read a partner's submission; what the partner may not do is refused beside what is wrong in itself."""
    if submission.type is None:
        return rejected("envelope_malformed")
    kind = KIND_OF_TYPE.get(submission.type)
    if kind is None:
        return rejected("unknown_type", "ce_type")
    reasons = may_send(PartnerCaller(partner), kind, "ce_type")
    command, wrong = _commands[submission.type](submission, partner, new_id)
    reasons += wrong
    return command if command is not None and not reasons else Rejected(tuple(reasons))


_Read = tuple[Command | None, list[Reason]]


def _offer_submitted(submission: Submission, partner: Partner, _new_id: Callable[[], str]) -> _Read:
    draft, reasons, _ = _read(OfferDraft, submission.body)
    reasons += may_speak_for(PartnerCaller(partner), submission.subject, "ce_subject")
    command = PutOffer(submission.subject, draft) if draft is not None and submission.subject is not None else None
    return command, reasons


def _vacancy_submitted(submission: Submission, partner: Partner, new_id: Callable[[], str]) -> _Read:
    draft, reasons, stated = _read(VacancyDraft, submission.body)
    if isinstance(named := stated.get("offer_id"), str):
        reasons += may_speak_for(PartnerCaller(partner), named, "offer_id")
    if stated and stated.get("reference") is None:
        reasons.append(reason("no_reference", "reference"))
    return (PostVacancy(draft, partner.name, new_id(), "kafka") if draft is not None else None), reasons


def _vacancy_named(submission: Submission, partner: Partner, _new_id: Callable[[], str]) -> _Read:
    named, reasons, _ = _read(VacancyReference, submission.body)
    if named is None:
        return None, reasons
    which = Named(name=(partner.name, named.reference))
    if submission.type == VACANCY_CONFIRMED:
        return ConfirmVacancy(which), reasons
    return CloseVacancy(which, named.reason), reasons


def _need_submitted(submission: Submission, partner: Partner, new_id: Callable[[], str]) -> _Read:
    draft, reasons, stated = _read(NeedDraft, submission.body)
    if isinstance(named := stated.get("handlekommune"), str):
        reasons += may_act_for(PartnerCaller(partner), named, "handlekommune")
    if stated and stated.get("source_reference") is None:
        reasons.append(reason("no_reference", "source_reference"))
    return (PostNeed(draft, new_id()) if draft is not None else None), reasons


def _need_closed(submission: Submission, _partner: Partner, _new_id: Callable[[], str]) -> _Read:
    named, reasons, _ = _read(NeedReference, submission.body)
    if named is None:
        return None, reasons
    return CloseNeed(Named(name=(named.handlekommune, named.source_reference)), named.reason), reasons


_commands: Final[dict[str, Callable[[Submission, Partner, Callable[[], str]], _Read]]] = {
    **dict.fromkeys(KIND_OF_TYPE, _vacancy_named),
    OFFER_SUBMITTED: _offer_submitted,
    VACANCY_SUBMITTED: _vacancy_submitted,
    NEED_SUBMITTED: _need_submitted,
    NEED_CLOSED: _need_closed,
}


def _read(
    model: type[_Model], body: bytes | None, written: str | None = None
) -> tuple[_Model | None, list[Reason], Mapping[str, Any]]:
    """Give the draft where it could be read, everything that is wrong with it, and what was stated, for those who look further."""
    if body is None:
        return None, [reason("no_body")], {}
    if len(body) > MOST_BODY_BYTES:
        return None, [reason("too_large")], {}
    draft, reasons = _validated(model, body)
    stated: Mapping[str, Any]
    is_public = model in _ABOUT_OFFERS
    if draft is not None and not _may_tell_of_a_person(body, written, is_public=is_public):
        stated = _Stated(draft)  # the usual case, without a second look at each field
    else:
        document = _document(draft, body)
        stated = document if isinstance(document, dict) else {}
        if draft is None:
            reasons += _contradicted(model, stated, {(one.field, one.code) for one in reasons})
        paths = fields_with_cpr_number(document, leave_out=_NUMBERS_OF_ANOTHER_KIND)
        reasons += (reason("cpr_number", _path(path)) for path in paths)
        reasons += (reason("control_character", _path(path)) for path in fields_with_control_character(document))
        if is_public:
            reasons += (reason(code, _path(path)) for path, code in citizens(document))
    if not is_public:
        reasons += persons_and_places(stated)
        reasons += (reason("section_109_by_phone", path) for path in _crisis_centres(stated))
    if len(reasons) > _MOST_REASONS:
        reasons[_MOST_REASONS:] = [reason("more_reasons")]
    return draft, reasons, stated


class _Stated(Mapping[str, Any]):
    """What a draft states, by the name of the field."""

    def __init__(self, draft: BaseModel) -> None:
        self._draft = draft

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a field's own type
        if name not in type(self._draft).model_fields:
            raise KeyError(name)
        return getattr(self._draft, name)

    def __iter__(self) -> Iterator[str]:
        return iter(type(self._draft).model_fields)

    def __len__(self) -> int:
        return len(type(self._draft).model_fields)


def _may_tell_of_a_person(body: bytes, written: str | None, *, is_public: bool) -> bool:
    """Look at the JSON as it came; what is escaped in it could be digits or a control character, and is looked at field by field."""
    if b"\\u" in body:
        return True
    text = body.decode() if written is None else written
    if holds_cpr_number(text):
        return True
    return is_public and (b"\\" in body or names_a_citizen(text) or tells_a_birth_date(text))


def _document(draft: BaseModel | None, body: bytes) -> object:
    """Give the JSON to look into: what the draft says where there is one, since parsers differ (in a name that stands twice)."""
    try:
        return orjson.loads(body if draft is None else draft.model_dump_json())
    except orjson.JSONDecodeError:
        return None


def _validated(model: type[_Model], body: bytes) -> tuple[_Model | None, list[Reason]]:
    try:
        return model.model_validate_json(body, strict=True), []  # as the schema says: "5" is no number
    except ValidationError as error:
        if (whole := with_whole_numbers(error, body)) is not None:
            return _validated(model, whole)
        return None, [
            Reason(field=_path(found.field), code=found.code, text_da=found.text_da, text_en=found.text_en)
            for found in field_errors(error)
        ]


def _contradicted(
    model: type[BaseModel], document: Mapping[str, Any], told: Collection[tuple[str | None, str]]
) -> Iterator[Reason]:
    """Tell what contradicts itself beside other mistakes: a draft that cannot be read as a whole was not asked."""
    for found in contradictions_in(model, document):
        field = _path(".".join(str(part) for part in found.path))
        if (field, found.code) not in told:
            yield Reason(field=field, code=found.code, text_da=found.text_da, text_en=found.text_en)


def _path(dotted: str) -> str | None:
    """Write `sections.0.section` as `sections[0].section`; a name of the sender's own that says who or where somebody is, is not repeated."""
    if not dotted or not dotted.isprintable():
        return None
    if holds_cpr_number(dotted) or holds_street_address(dotted) or holds_person_name(dotted):
        return None
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", dotted)[:_MOST_PATH_CHARACTERS]


def _crisis_centres(stated: Mapping[str, Any]) -> Iterator[str]:
    sections = stated.get("sections")
    for place, wanted in enumerate(sections if isinstance(sections, list | tuple) else ()):
        if value_at(wanted, "section") == CRISIS_CENTRE:
            yield f"sections[{place}].section"
