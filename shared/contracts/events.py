"""Every event there is: what it is called, where it stands, under which key, who writes it, and the model of its body.

Who reads it is declared with its topic, in deploy/topics.yaml. The documents under docs/contracts are made from these two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from shared.contracts import access, match, need, offer, receipt, settings, submission, vacancy
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft

if TYPE_CHECKING:
    from pydantic import BaseModel

Direction = Literal["published", "submitted"]
"""`published`: we write and others read. `submitted`: others write and intake reads."""

SUBMISSIONS: Final = "submissions-{partner}"
RECEIPTS: Final = "receipts-{partner}"


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event.

    Attributes:
        ce_type: what kind it says it is.
        schema: the part of `ce_dataschema` that names it, `urn:ledigplads:schema:<schema>:v1`.
        topic: logical name, `{partner}` where each partner has one.
        key: what the record's key is, and with it `ce_partitionkey`.
        subject: what `ce_subject` is.
        model: of the body.
        writer: the service, or `partner`.
        about_da: one Danish sentence for the catalogue.
        about_en: the same in English.
        tombstones: a record without a value may follow, and erases.
        also_required: optional fields of the model that this event must carry.
    """

    ce_type: str
    schema: str
    topic: str
    key: str
    subject: str
    model: type[BaseModel]
    writer: str
    about_da: str
    about_en: str
    tombstones: bool = False
    also_required: tuple[str, ...] = ()

    @property
    def direction(self) -> Direction:
        return "submitted" if self.topic == SUBMISSIONS else "published"

    @property
    def name(self) -> str:
        """The type without what all have in common: `vacancy.published.v1`."""
        return self.ce_type.removeprefix("dk.ledigplads.")

    @property
    def dataschema(self) -> str:
        """What `ce_dataschema` says, and the `$id` of the JSON Schema."""
        return f"urn:ledigplads:schema:{self.schema}:v1"


EVENTS: Final = (
    EventType(
        ce_type=offer.TYPE,
        schema="offer",
        topic="offers",
        key="offer id",
        subject="offer id",
        model=offer.Offer,
        writer="intake",
        about_da="Et tilbud: hvem der driver pladserne. Det findes, også uden en ledig plads.",
        about_en="An offer: who runs the places. It exists, and is found, without a vacancy.",
    ),
    EventType(
        ce_type=vacancy.TYPE,
        schema="vacancy",
        topic="vacancies",
        key="vacancy id",
        subject="vacancy id",
        model=vacancy.Vacancy,
        writer="intake",
        about_da="En ledig plads, hel og aktuel. Den lukkes, når den ikke bekræftes; 30 dage efter slettes den.",
        about_en="A vacancy, whole and current. It closes unless it is confirmed, and 30 days after that it is erased.",
        tombstones=True,
    ),
    EventType(
        ce_type=need.TYPE,
        schema="need-profile",
        topic="need-profiles",
        key="need id",
        subject="need id",
        model=need.NeedProfile,
        writer="intake",
        about_da="Et behov under pseudonym: det, matching skal vide, og intet, der siger, hvem borgeren er.",
        about_en="A need by pseudonym: what matching must know, and nothing that says who the citizen is.",
        tombstones=True,
    ),
    EventType(
        ce_type=match.TYPE,
        schema="match",
        topic="matches",
        key="need id",
        subject="need id",
        model=match.Match,
        writer="matching",
        about_da="De bedste pladser for ét behov nu, bedste først, med point og grund. En tom liste er også et svar.",
        about_en="The best places for one need now, best first, with points and why. An empty list is an answer too.",
        tombstones=True,
    ),
    EventType(
        ce_type=match.CLAIM_TYPE,
        schema="match-claim",
        topic="matches",
        key=f"the word `{match.CLAIM_KEY}`",
        subject=f"the word `{match.CLAIM_KEY}`",
        model=match.Claim,
        writer="matching",
        about_da="En workers krav på én partition af `matches`: det med højeste epoke gælder.",
        about_en="A worker's claim to one partition of `matches`: the one of the highest epoch holds.",
    ),
    EventType(
        ce_type=settings.POLICY_TYPE,
        schema="policy",
        topic="settings",
        key=f"the word `{settings.POLICY_KEY}`",
        subject=f"the word `{settings.POLICY_KEY}`",
        model=settings.Policy,
        writer="intake",
        about_da="Den daterede politik, der matches efter: regler, vægte og tærskler, hver med kilde.",
        about_en="The dated policy that matching works by: rules, weights and thresholds, each with its source.",
    ),
    EventType(
        ce_type=settings.TODAY_TYPE,
        schema="today",
        topic="settings",
        key=f"the word `{settings.TODAY_KEY}`",
        subject=f"the word `{settings.TODAY_KEY}`",
        model=settings.Today,
        writer="intake",
        about_da="Dagen i dansk tid: matching har intet ur.",
        about_en="The day in Danish time: matching has no clock.",
    ),
    EventType(
        ce_type=access.ACCESSED_TYPE,
        schema="access",
        topic="access-events",
        key="pseudonym of the citizen, or of the need",
        subject="pseudonym of the citizen, or of the need",
        model=access.AccessEvent,
        writer="every service",
        about_da="Et kig på en borgers data: hvem, hvad, hvornår og hvorfor. Det står her, før svaret sendes.",
        about_en="A look at a citizen's data: who, what, when and why. It stands here before the answer is sent.",
    ),
    EventType(
        ce_type=access.ANCHOR_TYPE,
        schema="access-anchor",
        topic="access-anchors",
        key="municipality",
        subject="municipality",
        model=access.AccessAnchor,
        writer="intake",
        about_da="Hvor langt en kommunes adgangslog er nået, og dens hash: det, loggen holdes op imod.",
        about_en="How far a municipality's access log has come, and its hash: what the log is held against.",
    ),
    EventType(
        ce_type=receipt.ACCEPTED_TYPE,
        schema="receipt",
        topic=RECEIPTS,
        key="the submission's key",
        subject="the submission's key",
        model=receipt.Receipt,
        writer="intake",
        about_da="Svaret på en indsendelse, der er taget imod: hvad den blev til.",
        about_en="The answer to a submission that was accepted: what it became.",
    ),
    EventType(
        ce_type=receipt.REJECTED_TYPE,
        schema="receipt",
        topic=RECEIPTS,
        key="the submission's key",
        subject="the submission's key",
        model=receipt.Receipt,
        writer="intake",
        about_da="Svaret på en indsendelse, der er afvist: alle grunde på én gang. Felter nævnes, værdier aldrig.",
        about_en="The answer to a submission that was rejected: every reason at once. Fields are named, values never.",
    ),
    EventType(
        ce_type=submission.OFFER_SUBMITTED,
        schema="offer-submitted",
        topic=SUBMISSIONS,
        key="the partner's own reference",
        subject="offer id",
        model=OfferDraft,
        writer="partner",
        about_da="Et tilbud registreres eller ændres som helhed. Tilbuddets id står i `ce_subject`.",
        about_en="An offer is registered, or changed as a whole. Its id stands in `ce_subject`.",
    ),
    EventType(
        ce_type=submission.VACANCY_SUBMITTED,
        schema="vacancy-submitted",
        topic=SUBMISSIONS,
        key="the partner's own reference",
        subject="the partner's own reference",
        model=VacancyDraft,
        writer="partner",
        about_da="En ledig plads meldes, eller den, der har samme `reference`, ændres som helhed.",
        about_en="A vacancy is announced; one with the same `reference` is changed as a whole.",
        also_required=("reference",),
    ),
    EventType(
        ce_type=submission.VACANCY_CONFIRMED,
        schema="vacancy-confirmed",
        topic=SUBMISSIONS,
        key="the partner's own reference",
        subject="the partner's own reference",
        model=submission.VacancyReference,
        writer="partner",
        about_da="Pladsen er stadig ledig: fristen løber forfra.",
        about_en="The place is still free: its time begins anew.",
    ),
    EventType(
        ce_type=submission.VACANCY_WITHDRAWN,
        schema="vacancy-withdrawn",
        topic=SUBMISSIONS,
        key="the partner's own reference",
        subject="the partner's own reference",
        model=submission.VacancyReference,
        writer="partner",
        about_da="Pladsen er ikke ledig mere: trukket tilbage eller besat.",
        about_en="The place is free no more: withdrawn or filled.",
    ),
    EventType(
        ce_type=submission.NEED_SUBMITTED,
        schema="need-submitted",
        topic=SUBMISSIONS,
        key="the partner's own reference",
        subject="the partner's own reference",
        model=NeedDraft,
        writer="partner",
        about_da="Et behov registreres; det med samme `source_reference` i samme kommune ændres som helhed.",
        about_en="A need is registered; one with the same `source_reference` in the same kommune is changed as a whole.",
        also_required=("source_reference",),
    ),
    EventType(
        ce_type=submission.NEED_CLOSED,
        schema="need-closed",
        topic=SUBMISSIONS,
        key="the partner's own reference",
        subject="the partner's own reference",
        model=submission.NeedReference,
        writer="partner",
        about_da="Behovet er ikke åbent mere.",
        about_en="The need is open no more.",
    ),
)
"""In the order of the catalogue: what everyone reads, what matching and its readers share, what partners write and are answered."""


def event_of(ce_type: str) -> EventType | None:
    """Look an event up by its `ce_type`."""
    return next((event for event in EVENTS if event.ce_type == ce_type), None)
