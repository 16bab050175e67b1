"""HTTP in, for operators: on the service's own port, never behind the one origin. No citizen's data is told here."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import orjson
from pydantic import Field
from starlette.responses import Response
from starlette.routing import Route

from services.intake.access import routes as access
from services.intake.citizens import operator_routes as citizens
from services.intake.domain.partners import Partner
from services.intake.erasing import routes as erasing
from services.intake.http import observations
from services.intake.republishing import Report, UnknownTopic
from services.intake.restoring import routes as restoring
from shared.contracts.common import Draft, EntityId, KnownMunicipality
from shared.contracts.submission import SubmissionKind
from shared.web import Problem, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.partners import Partners
    from services.intake.republishing import Republishing
    from services.intake.search.store import SearchStore
    from services.intake.service import Intake
    from services.intake.store import Store
    from shared.messaging.consuming import Consumers


class _DeclaredPartner(Draft):
    """A partner's name is part of its topics' names."""

    partner: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    offers: tuple[EntityId, ...] = ()
    kinds: tuple[SubmissionKind, ...] = ()
    municipalities: tuple[KnownMunicipality, ...] = ()


class _Place(Draft):
    """Of a record on the log."""

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


class _Republish(Draft):
    """What to look at; everything by default."""

    topic: str | None = None
    key: str | None = None


def operator_routes() -> list[Route]:
    """Everything that operators call."""
    return [
        Route("/operator/counts", counts),
        Route("/operator/partners", list_partners),
        Route("/operator/partners", declare_partner, methods=["POST"]),
        Route("/operator/partners/{partner}", remove_partner, methods=["DELETE"]),
        *observations.operator_routes(),
        Route("/operator/replay", replay, methods=["POST"]),
        Route("/operator/republish", republish, methods=["POST"]),
        *restoring.routes(),
        *citizens.operator_routes(),
        *erasing.operator_routes(),
        *access.operator_routes(),
        Route("/operator/expire", expire, methods=["POST"]),
        Route("/operator/search/rebuild", rebuild_search, methods=["POST"]),
    ]


async def counts(request: Request) -> Response:
    """Count what is open, and what waits to be published or made searchable."""
    store: Store = request.state.store
    return _json(await store.counts())


async def list_partners(request: Request) -> Response:
    partners: Partners = request.state.partners
    return _json({"partners": [_told(partner) for partner in await partners.all()]})


async def declare_partner(request: Request) -> Response:
    """Say which offers, kinds and municipalities are a partner's own, and make its topics."""
    declared = await read_body(request, _DeclaredPartner)
    partners: Partners = request.state.partners
    partner = Partner(declared.partner, frozenset(declared.offers), frozenset(declared.kinds), frozenset(declared.municipalities))
    created = await partners.declare(partner)
    return _json(_told(partner) | {"topics": partners.topics_of(partner.name)}, 201 if created else 200)


async def remove_partner(request: Request) -> Response:
    """Forget a partner and delete its topics."""
    partners: Partners = request.state.partners
    if not await partners.remove(request.path_params["partner"]):
        raise Problem(404)
    return Response(status_code=204)


async def replay(request: Request) -> Response:
    """Read one record of the log again into its handler."""
    place = await read_body(request, _Place)
    consumers: Consumers = request.state.consumers
    return _json({"result": await consumers.replay(place.topic, place.partition, place.offset)})


async def republish(request: Request) -> Response:
    """Compare the log with the table, and publish again what differs."""
    asked = await read_body(request, _Republish)
    republishing: Republishing = request.state.republishing
    try:
        return _json(_reports(await republishing.republish(asked.topic, asked.key)))
    except UnknownTopic as error:
        raise Problem(422, detail=str(error)) from None


async def expire(request: Request) -> Response:
    """Close what nobody confirmed in time now, not at the timer's next look."""
    intake: Intake = request.state.intake
    return _json({"expired": await intake.expire()})


async def rebuild_search(request: Request) -> Response:
    """Have everything made searchable again; the search answers as before meanwhile."""
    store: SearchStore = request.state.search_store
    return _json({"due": await store.everything_is_due()}, 202)


def _told(partner: Partner) -> dict[str, object]:
    return {
        "partner": partner.name,
        "offers": sorted(partner.offers),
        "kinds": sorted(partner.kinds),
        "municipalities": sorted(partner.municipalities),
    }


def _reports(reports: dict[str, Report]) -> dict[str, object]:
    return {
        "topics": {name: asdict(report) for name, report in reports.items()},
        "published": sum(report.published for report in reports.values()),
    }


def _json(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/json")
