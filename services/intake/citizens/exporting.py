"""Everything that is held about one citizen, as a document that a person can read too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from aiokafka.partitioner import murmur2

from shared.messaging.log import end_offsets, read_to_end

if TYPE_CHECKING:
    from services.intake.access.log import AccessLog
    from services.intake.citizens.registry import Citizen
    from services.intake.citizens.store import CitizenStore, HeldNeed
    from shared.messaging.topics import TopicNames

_MATCHES: Final = "matches"
_SAYS: Final = {
    "citizen": (
        "Det, der siger, hvem borgeren er: krypteret med borgerens egen nøgle og kun for kommunen.",
        "What says who the citizen is: sealed with the citizen's own key, and for the municipality only.",
    ),
    "needs": (
        "Behovene: som sagsbehandleren har beskrevet dem (stated), og som de er offentliggjort under pseudonym (published).",
        "The needs: as the caseworker stated them (stated), and as published by pseudonym (published).",
    ),
    "matches": (
        "De pladser, systemet har fundet til hvert behov, med point. En person afgør; systemet foreslår.",
        "The places that the system has found for each need, with points. A person decides; the system proposes.",
    ),
    "accesses": (
        "Hvornår der er set på oplysningerne, hvad og hvorfor.",
        "When the data were looked at, what and why.",
    ),
    "elsewhere": (
        "Sagsbehandlerens indbakke har varsler om pladserne under samme pseudonym. Fagsystemet har sagen.",
        "The caseworker's inbox has alerts about the places by the same pseudonym. The case is in the case system.",
    ),
}


class Exporting:
    """Gathers what there is."""

    def __init__(self, citizens: CitizenStore, access: AccessLog, bootstrap: str, names: TopicNames) -> None:
        self._citizens = citizens
        self._access = access
        self._bootstrap = bootstrap
        self._topic = names.topic(_MATCHES)

    async def everything(self, citizen: Citizen) -> dict[str, Any]:
        """Give all of it, each part under the words that say what it is."""
        needs = await self._citizens.held_needs(citizen.citizen_id)
        subjects = [citizen.citizen_id, *citizen.need_ids]
        return {
            "says": {part: {"da": danish, "en": english} for part, (danish, english) in _SAYS.items()},
            "citizen": {"citizen_id": citizen.citizen_id, "municipality": citizen.municipality, **citizen.said},
            "needs": [_told(need) for need in needs],
            "matches": await self._matches(citizen.need_ids),
            "accesses": await self._access.of_citizen(citizen.municipality, subjects),
        }

    async def _matches(self, need_ids: tuple[str, ...]) -> dict[str, Any]:
        """Read what matching says of the needs now, from their own partitions."""
        found: dict[str, Any] = {}
        if not need_ids:
            return found
        count = len(await end_offsets(self._bootstrap, self._topic))
        numbers = {(murmur2(need_id.encode()) & 0x7FFFFFFF) % count for need_id in need_ids}
        async for records in read_to_end(self._bootstrap, self._topic, numbers):
            for record in records:
                if record.key in need_ids:
                    found[record.key] = None if record.value is None else orjson.loads(record.value)
        return found


def _told(need: HeldNeed) -> dict[str, Any]:
    return {
        "need_id": need.need_id,
        "source_reference": need.source_reference,
        "status": need.status,
        "changed_at": need.changed_at.isoformat(),
        "stated": None if need.terms is None else orjson.loads(need.terms),
        "published": None if need.body is None else orjson.loads(need.body),
    }
