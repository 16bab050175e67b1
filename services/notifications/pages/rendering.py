"""Alerts as people read them: cards of the inbox page, and mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from services.notifications.domain.matches import UNASSIGNED
from services.notifications.pages.words import (
    code_rank,
    code_word,
    language_of,
    municipality_name,
    say_date,
    say_moment,
    section_words,
    short_id,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.notifications.domain.alerts import Alert
    from services.notifications.pages.words import Language
    from services.notifications.store import InboxAlert, Person
    from shared.identity.greeting import Greeting, Public


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the fit, as a bar: `start` is where it begins in the whole bar of 100."""

    code: str
    label: str
    points: int
    max: int | None
    start: int
    number: int


@dataclass(frozen=True, slots=True)
class Card:
    """One alert in words."""

    alert: Alert
    kind: str
    sections: tuple[str, ...]
    where: str
    places_free: str
    free_from: str
    confirmed: str | None
    confirmed_at: str | None
    said_at: str
    phone: str | None
    parts: tuple[Part, ...]
    unknown: tuple[str, ...]
    still_open: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One need with its alerts, newest first."""

    need_id: str
    short_id: str
    where: str
    urgency: str
    urgency_code: str
    waiting_since: str | None
    deadline: str | None
    gone: bool
    cards: tuple[Card, ...]


class Pages:
    """Renders; knows the words of the policies that were seen.

    Args:
        public_url: the one origin, without a slash at the end.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._policies: dict[str, Mapping[str, Any]] = {}
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=jinja2.select_autoescape(["html"]),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def knows(self, policy: str) -> bool:
        return policy in self._policies

    def learn(self, policies: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over the words of policies, by hash."""
        self._policies.update(policies)

    def inbox(
        self, *, people: Sequence[Person], person: Person, alerts: Sequence[InboxAlert], language: Language,
        is_first_page: bool, older_before: int | None, newest: int, viewer: Greeting | Public,
    ) -> str:  # fmt: skip
        """Render the whole page."""
        return self._render(
            "inbox.html",
            language,
            people=[(one.person, _name_of(one, language)) for one in people],
            person=person,
            groups=self._groups(alerts, language),
            is_first_page=is_first_page,
            older_before=older_before,
            newest=newest,
            viewer=viewer,
        )

    def card(self, alert: Alert, language: Language) -> str:
        """Render one card that slides in."""
        return self._render("card.html", language, card=self._card(alert, language, still_open=True))

    def group(self, alert: Alert, about: Mapping[str, Any], language: Language) -> str:
        """Render a need that is not on the page yet, with its first card."""
        card = self._card(alert, language, still_open=True)
        return self._render("group.html", language, group=_group(alert.need_id, about, (card,), language, gone=False))

    def announcement(self, alert: Alert, language: Language) -> str:
        """Say an alert in a breath, for those who hear the page."""
        said = alert.said
        return (
            f"{word(f'kind.{alert.kind}', language)}: {said['title_da']}, {municipality_name(said['municipality'])}, "
            f"{alert.score} {word('of_100', language)}"
        )

    def mail_subject(self, need_id: str, alerts: Sequence[Alert]) -> str:
        short = short_id(need_id)
        if len(alerts) == 1:
            return f"Ledig plads til behov {short}: {_one_line(alerts[0].said['title_da'])} · A place for need {short}"
        return f"{len(alerts)} ledige pladser til behov {short} · {len(alerts)} places for need {short}"

    def mail_text(self, person: str, need_id: str, alerts: Sequence[Alert]) -> str:
        link = f"{self._public_url}/notifications/?person={person}"
        return self._render(
            "mail.txt",
            "da",
            need=short_id(need_id),
            danish=[self._card(alert, "da", still_open=True) for alert in alerts],
            english=[self._card(alert, "en", still_open=True) for alert in alerts],
            link_da=f"{link}#need-{need_id}",
            link_en=f"{link}&language=en#need-{need_id}",
        )

    def _render(self, template: str, language: Language, **values: object) -> str:
        def words(key: str) -> str:
            return word(key, language)

        return self._templates.get_template(template).render(t=words, language=language, **values)

    def _groups(self, alerts: Sequence[InboxAlert], language: Language) -> list[Group]:
        by_need: dict[str, list[InboxAlert]] = {}
        for item in alerts:
            by_need.setdefault(item.alert.need_id, []).append(item)
        return [
            _group(
                need_id,
                items[0].about,
                tuple(self._card(item.alert, language, still_open=item.still_open, said_now=item.said_now) for item in items),
                language,
                gone=items[0].need_gone,
            )
            for need_id, items in by_need.items()
        ]

    def _card(self, alert: Alert, language: Language, *, still_open: bool, said_now: Mapping[str, Any] | None = None) -> Card:
        # Counts and confirmation as they are now; if the vacancy is gone, as they were said.
        said = said_now if still_open and said_now else alert.said
        free = said["places_free"]
        confirmed = _moment(said["confirmed_at"])
        available = _date(said["available_from"])
        return Card(
            alert=alert,
            kind=word(f"kind.{alert.kind}", language),
            sections=tuple(section_words(section, language) for section in said["sections"]),
            where=municipality_name(said["municipality"]),
            places_free=word("uncounted", language) if free is None else str(free),
            free_from=word("now", language) if available is None else say_date(available, language),
            confirmed=None if confirmed is None else say_moment(confirmed, language),
            confirmed_at=None if confirmed is None else confirmed.isoformat(),
            said_at=say_moment(alert.alerted_at, language),
            phone=said["phone"],
            parts=self._parts(alert, language),
            unknown=tuple(self._name(alert.policy, code, language) for code in alert.unknown),
            still_open=still_open,
        )

    def _parts(self, alert: Alert, language: Language) -> tuple[Part, ...]:
        """In the policy's order, so that a colour means the same part on every card; then what it does not name."""
        declared = {part["code"]: part["max"] for part in self._policies.get(alert.policy, {}).get("parts", ())}
        others = sorted((code for code in alert.points if code not in declared), key=code_rank)
        codes = [code for code in declared if code in alert.points] + others
        parts: list[Part] = []
        start = 0
        for number, code in enumerate(codes, 1):
            points = alert.points[code]
            label = self._name(alert.policy, code, language)
            parts.append(Part(code, label, points, declared.get(code), start, min(number, 8)))
            start += points
        return tuple(parts)

    def _name(self, policy: str, code: str, language: Language) -> str:
        words = self._policies.get(policy, {})
        for entry in (*words.get("parts", ()), *words.get("rules", ())):
            if entry["code"] == code:
                return str(entry[language])
        return code_word(code, language)


def _group(need_id: str, about: Mapping[str, Any], cards: tuple[Card, ...], language: Language, *, gone: bool) -> Group:
    urgency = str(about.get("urgency", "normal"))
    since, deadline = _date(about.get("waiting_since")), _date(about.get("deadline"))
    return Group(
        need_id=need_id,
        short_id=short_id(need_id),
        where=municipality_name(about.get("handlekommune")),
        urgency=word(f"urgency.{urgency}", language) if urgency in {"normal", "soon", "acute"} else urgency,
        urgency_code=urgency,
        waiting_since=None if since is None else say_date(since, language),
        deadline=None if deadline is None else say_date(deadline, language),
        gone=gone,
        cards=cards,
    )


def _name_of(person: Person, language: Language) -> str:
    """A person's name and team; for what nobody has been given yet, whose it is."""
    if person.person.startswith(UNASSIGNED):
        return f"{word('unassigned', language)} · {municipality_name(person.person.removeprefix(UNASSIGNED))}"
    name = person.name or person.person
    return f"{name} · {person.team}" if person.team else name


def _date(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _one_line(text: str) -> str:
    """A title in a header: no line breaks."""
    return " ".join(text.split())


__all__ = ["Pages", "language_of"]
