"""The sample: a small country of offers, places, needs and caseworkers, put in through the real ways in.

Everything has a reference of its own, so that loading it again changes nothing; its dates are reckoned from the first of the
month, so that this holds for a month.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx2
import orjson

from deploy.simulate import people
from deploy.simulate.broker_view import BrokerView
from deploy.simulate.generator import Generator
from deploy.simulate.partner_channel import PartnerChannel, Submission
from deploy.simulate.settling import settle
from deploy.simulate.ways_in import BATCH, Intake, Service, to_json
from deploy.simulate.written import written_needs, written_offers
from shared.contracts.submission import VACANCY_SUBMITTED
from shared.messaging.topics import TopicNames, load_topics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from deploy.signing import Signed
    from deploy.simulate.people import Caseworker
    from deploy.simulate.ways_in import Answer
    from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
    from shared.contracts.receipt import Receipt

    Progress = Callable[[str], None]

T = TypeVar("T")

SEED = 2026
PARTNER = "demo"
"""The partner that the sample speaks as over Kafka, and that `ledigplads post` speaks as unless told otherwise."""
SENDER = "sample"
"""The partner that the rest comes in by: every offer and every municipality of the sample is declared for it."""
_PREFIX = "demo"
_GENERATED_VACANCIES = 120
_GENERATED_NEEDS = 320
_EVERY_NTH_OFFER_IS_A_PARTNERS = 7
_AT_ONCE = 16
_RECEIPTS_WITHIN_SECONDS = 40.0
_TOPICS_FILE = Path(__file__).parents[1] / "topics.yaml"


class SampleRefusedError(Exception):
    """Intake refused a part of the sample: the message says which and why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """All of it, before it is put in."""

    day: date
    offers: dict[str, OfferDraft]
    partner_offers: frozenset[str]
    """Those whose vacancies come over Kafka."""
    vacancies: tuple[VacancyDraft, ...]
    needs: tuple[NeedDraft, ...]

    @property
    def people(self) -> tuple[Caseworker, ...]:
        return people.everyone(need.handlekommune for need in self.needs)

    def over_http(self) -> tuple[VacancyDraft, ...]:
        return tuple(draft for draft in self.vacancies if draft.offer_id not in self.partner_offers)

    def over_kafka(self) -> tuple[VacancyDraft, ...]:
        return tuple(draft for draft in self.vacancies if draft.offer_id in self.partner_offers)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was put in, and what came of it."""

    people: int
    offers: int
    vacancies: int
    needs: int
    changed: int
    """Vacancies and needs that were new or other than before: 0 when the sample was there already."""
    alerts: int
    settled: bool
    """Whether it had become quiet within the time."""


def make_sample(today: date) -> Sample:
    """Make the sample as it is in the month of `today`."""
    day = today.replace(day=1)
    generator = Generator(SEED, _PREFIX, day)
    by_hand = written_offers(day)
    vacancies = tuple(islice(generator.vacancies(), _GENERATED_VACANCIES))
    generated = {offer_id: number for number, offer_id in enumerate(dict.fromkeys(draft.offer_id for draft in vacancies))}
    return Sample(
        day=day,
        offers={offer.offer_id: offer.draft for offer in by_hand}
        | {offer_id: generator.offer(number).draft for offer_id, number in generated.items()},
        partner_offers=frozenset(offer.offer_id for offer in by_hand if offer.partner == PARTNER)
        | {offer_id for offer_id, number in generated.items() if number % _EVERY_NTH_OFFER_IS_A_PARTNERS == 0},
        vacancies=(*(draft for offer in by_hand for draft in offer.vacancies), *vacancies),
        needs=(
            *(_assigned(need.draft, number) for number, need in enumerate(written_needs(day))),
            *islice(generator.needs(), _GENERATED_NEEDS),
        ),
    )


async def load(
    intake_url: str,
    notifications_url: str,
    bootstrap: str,
    names: TopicNames | None = None,
    *,
    signed: Signed,
    partner_bootstrap: str | None = None,
    today: date | None = None,
    progress: Progress = lambda _: None,
    quiet_within_seconds: float = 60.0,
) -> Loaded:
    """Put the sample in, and wait until matching and notifications have dealt with it.

    Args:
        intake_url: intake's own address (not the proxy's: a partner is made by an operator call).
        notifications_url: notifications' own address.
        bootstrap: the brokers.
        names: the prefix of topics and groups.
        signed: as operator, and as the partner `SENDER`.
        partner_bootstrap: the brokers as the partner itself reaches them; by default as `bootstrap`.
        today: what the sample's dates follow; the real day by default.
        progress: hears what is being done, in plain words.
        quiet_within_seconds: how long to wait at the end.

    Raises:
        AwayError: a service did not answer.
        RefusedError: a service refused a call as a whole.
        SampleRefusedError: intake refused a row of the sample.
    """
    names = names or TopicNames()
    sample = make_sample(today or datetime.now(UTC).date())
    limits = httpx2.Limits(max_connections=_AT_ONCE)
    async with (
        httpx2.AsyncClient(limits=limits, auth=signed.operator) as operator,
        httpx2.AsyncClient(limits=limits, auth=signed.partner) as sender,
    ):
        intake, notifications = Intake(sender, intake_url), Service(operator, notifications_url)
        progress(f"{len(sample.people)} caseworkers and {len(sample.offers)} offers")
        await _all(_put_person(notifications, person) for person in sample.people)
        await _declare_partners(Service(operator, intake_url), sample)
        await _all(intake.put_offer(offer_id, draft) for offer_id, draft in sample.offers.items())
        async with PartnerChannel(partner_bootstrap or bootstrap, names, PARTNER) as partner:
            # A new partner is heard within seconds: what comes over Kafka is sent first and its receipts are asked for last.
            progress(f"{len(sample.vacancies)} vacancies and {len(sample.needs)} needs")
            waiting = [await partner.send(_submission(draft, sample.day)) for draft in sample.over_kafka()]
            outcomes = [row for rows in _chunks(sample.over_http()) for row in _taken(await intake.post_vacancies(rows))]
            outcomes += [row for rows in _chunks(sample.needs) for row in _taken(await intake.post_needs(rows))]
            progress(f"{len(waiting)} receipts of the partner {PARTNER}")
            receipts = await asyncio.wait_for(asyncio.gather(*waiting), _RECEIPTS_WITHIN_SECONDS)
        _check(receipts)
        progress("matching and alerting")
        async with BrokerView(bootstrap, names, load_topics(_TOPICS_FILE)) as view:
            settled = await settle(view, notifications, quiet_within_seconds)
    return Loaded(
        people=len(sample.people),
        offers=len(sample.offers),
        vacancies=len(sample.vacancies),
        needs=len(sample.needs),
        changed=sum(row["outcome"] == "accepted" for row in outcomes),
        alerts=int(settled.notifications.get("alerts", 0)),
        settled=settled.quiet,
    )


def _assigned(draft: NeedDraft, number: int) -> NeedDraft:
    """Give a need written by hand to a demo caseworker, unless it names one."""
    if draft.caseworker is not None:
        return draft
    person = people.caseworker_for(draft.handlekommune, number)
    return draft.model_copy(update={"caseworker": person.person_id, "team": person.team})


async def _put_person(notifications: Service, person: Caseworker) -> None:
    body = {"mail": person.mail, "municipality": person.municipality, "team": person.team, "language": person.language}
    await notifications.call("PUT", f"/notifications/operator/people/{person.person_id}", orjson.dumps(body))


async def _declare_partners(intake: Service, sample: Sample) -> None:
    """Say what is the two partners' own."""
    for partner, offers in ((PARTNER, sample.partner_offers), (SENDER, sample.offers.keys())):
        declared = {
            "partner": partner,
            "offers": sorted(offers),
            "kinds": ["offer", "vacancy", "need"],
            "municipalities": sorted({need.handlekommune for need in sample.needs}),
        }
        await intake.call("POST", "/operator/partners", orjson.dumps(declared))


def _submission(draft: VacancyDraft, day: date) -> Submission:
    reference = str(draft.reference)
    return Submission(id=f"sample-{day}-{reference}", type=VACANCY_SUBMITTED, key=reference, value=to_json(draft))


def _taken(rows: list[Answer]) -> list[Answer]:
    for row in rows:
        if row["outcome"] == "rejected":
            raise SampleRefusedError(f"row {row['index']}: {row['errors']}")
    return rows


def _check(receipts: Iterable[Receipt]) -> None:
    for receipt in receipts:
        if receipt.outcome == "rejected":
            reasons = "; ".join(f"{reason.field} {reason.text_en}" for reason in receipt.reasons)
            raise SampleRefusedError(f"{receipt.reference}: {reasons}")


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


async def _all(calls: Iterable[Awaitable[object]]) -> None:
    """Make the calls, a few at a time: the client has no more connections than that."""
    await asyncio.gather(*calls)
