"""The books of a road that has become quiet: what was accepted, what stands on the log, who was alerted and mailed, and what is true.

The ledger is the client's own. Everything else is read where anyone could read it: the topics, the alerts, the mail catcher.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from services.matching.domain.reference import assess
from services.matching.domain.terms import Terms
from shared.contracts.match import CLAIM_KEY, Match, ScoredPlace
from shared.contracts.need import NeedProfile
from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Policy, Today
from shared.contracts.vacancy import Vacancy
from shared.messaging.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from shared.messaging.records import RawRecord
    from shared.messaging.versions import Position
    from tests.support.road import Road

_TOPIC_OF = {"vacancy": "vacancies", "need": "need-profiles"}


@dataclass(frozen=True, slots=True)
class Books:
    """What can be seen from outside.

    Attributes:
        positions: by topic and key, the positions in the order of the log.
        last: by topic and key, the body of the last record; None for a tombstone.
        alerts: as notifications tells them.
        mails: as the catcher holds them.
    """

    positions: Mapping[str, Mapping[str, list[Position]]]
    last: Mapping[str, Mapping[str, bytes | None]]
    alerts: list[dict[str, Any]]
    mails: list[dict[str, Any]]


async def books_of(road: Road) -> Books:
    """Read everything."""
    positions: dict[str, dict[str, list[Position]]] = {}
    last: dict[str, dict[str, bytes | None]] = {}
    for topic in ("settings", "vacancies", "need-profiles", "matches"):
        # What has no headers at all was put there by a test, as garbage; our services always write an envelope.
        records = [record for record in await road.records(topic) if record.key != CLAIM_KEY and record.headers]
        positions[topic], last[topic] = _positions(records), {str(record.key): record.value for record in records}
    return Books(positions, last, await road.alerts(), await road.mails())


def _positions(records: Iterable[RawRecord]) -> dict[str, list[Position]]:
    found: dict[str, list[Position]] = defaultdict(list)
    for record in records:
        found[str(record.key)].append(Envelope.from_headers(record.headers).position)
    return dict(found)


def every_accepted_change_stands_on_the_log(books: Books, ledger: Path) -> int:
    """Check the ledger against the topics; gives how many changes were accepted.

    A relay that was cut off may publish again what it had published, the last version last. So each version stands there, the first
    of each in order, and the last record of a key is its last version, which is the last that was accepted.
    """
    accepted: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in ledger.read_bytes().splitlines():
        entry = orjson.loads(line)
        accepted[_TOPIC_OF[entry["entity"]], entry["entity_id"]].append(entry["version"])
    for (topic, key), versions in accepted.items():
        stand = [version for _, version in books.positions[topic].get(key, [])]
        first_of_each = list(dict.fromkeys(stand))
        assert first_of_each == sorted(first_of_each), f"{topic} {key}: out of order, {stand}"
        assert set(versions) <= set(stand), f"{topic} {key}: accepted {versions}, but there stand {stand}"
        assert stand[-1] == max(versions), f"{topic} {key}: {stand} ends with another version than was accepted last, {versions}"
    return sum(map(len, accepted.values()))


def matches_are_what_is_true(books: Books) -> int:
    """Score every open need against every open vacancy by the slow reference; gives how many pairs stand on a list."""
    terms = _terms(books)
    vacancies = [Vacancy.model_validate_json(body) for body in books.last["vacancies"].values() if body is not None]
    needs = {key: NeedProfile.model_validate_json(body) for key, body in books.last["need-profiles"].items() if body is not None}
    expected = {key: _best(need, vacancies, terms) for key, need in needs.items() if need.status == "open"}
    said = {key: _without_epochs(body) for key, body in books.last["matches"].items() if body is not None}
    wrong = sorted(key for key in expected.keys() | said.keys() if expected.get(key) != said.get(key))
    assert not wrong, (
        f"{len(wrong)} of {len(expected)} lists are wrong, first {wrong[0]}: {_difference(expected, said, wrong[0])}"
    )
    return sum(map(len, expected.values()))


def _terms(books: Books) -> Terms:
    policy, today = books.last["settings"][POLICY_KEY], books.last["settings"][TODAY_KEY]
    return Terms(Policy.model_validate_json(policy or b""), Today.model_validate_json(today or b"").day)


def _without_epochs(body: bytes) -> tuple[ScoredPlace, ...]:
    return tuple(place.model_copy(update={"vacancy_epoch": None}) for place in Match.model_validate_json(body).places)


def _best(need: NeedProfile, vacancies: Iterable[Vacancy], terms: Terms) -> tuple[ScoredPlace, ...]:
    places = []
    for vacancy in vacancies:
        found = assess(need, vacancy, terms)
        if found.eligible and found.score >= terms.policy.threshold:
            place = ScoredPlace(
                vacancy_id=vacancy.vacancy_id,
                vacancy_version=vacancy.version,
                opening=vacancy.opening,
                score=found.score,
                points={code: part.points for code, part in found.parts.items()},
                unknown=tuple(found.unknown),
            )
            places.append(place)
    return tuple(sorted(places, key=lambda place: (-place.score, place.vacancy_id))[: terms.policy.best_k])


def _difference(expected: Mapping[str, tuple[ScoredPlace, ...]], said: Mapping[str, tuple[ScoredPlace, ...]], key: str) -> str:
    def brief(places: tuple[ScoredPlace, ...] | None) -> list[str] | None:
        return None if places is None else [f"{one.vacancy_id}/{one.vacancy_version}/{one.score}" for one in places]

    return f"true is {brief(expected.get(key))}, said is {brief(said.get(key))}"


def each_place_has_alerted_its_caseworker_once(books: Books) -> None:
    """Check alerts against the final matches: one for each (need, vacancy, opening), for the need's caseworker, and none twice."""
    alerted = Counter((one["recipient"], one["need_id"], one["vacancy_id"], one["opening"]) for one in books.alerts)
    assert {one["kind"] for one in books.alerts} <= {"new", "reopened"}
    twice = [alert for alert, times in alerted.items() if times > 1]
    assert not twice, f"alerted twice: {twice[:3]}"
    matches = [Match.model_validate_json(body) for body in books.last["matches"].values() if body is not None]
    missing = [
        (match.caseworker or f"unassigned-{match.handlekommune}", match.need_id, place.vacancy_id, place.opening)
        for match in matches
        for place in match.places
    ]
    missing = [alert for alert in missing if alert not in alerted]
    assert not missing, f"{len(missing)} places alerted nobody, among them {missing[:3]}"


def no_alert_is_in_two_mails(books: Books) -> int:
    """Check the mails: each alert that is to be mailed is, under one Message-ID; gives how many mails there are."""
    mailed: dict[int, set[str]] = defaultdict(set)
    for mail in books.mails:
        for alert in mail["headers"]["X-Ledigplads-Alerts"].split(","):
            mailed[int(alert)].add(mail["message_id"])
    twice = {alert: ids for alert, ids in mailed.items() if len(ids) > 1}
    assert not twice, f"alerts in two mails: {twice}"
    to_mail = {one["alert_id"] for one in books.alerts if one["channel"] == "mail"}
    assert to_mail == mailed.keys(), (
        f"not mailed: {sorted(to_mail - mailed.keys())[:5]}, and not to be: {sorted(mailed.keys() - to_mail)[:5]}"
    )
    return len(books.mails)
