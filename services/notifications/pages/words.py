"""The words of the inbox and the mails, in Danish and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args
from zoneinfo import ZoneInfo

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

Language = Literal["da", "en"]

_COPENHAGEN = ZoneInfo("Europe/Copenhagen")

_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "da": (
        "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip

_UI: Mapping[str, tuple[str, str]] = {
    "title": ("Indbakke", "Inbox"),
    "skip": ("Gå til beskederne", "Skip to the messages"),
    "inbox_of": ("Indbakke for", "Inbox of"),
    "show": ("Vis", "Show"),
    "lead": (
        "Når en plads passer til et af dine behov, står den her med det samme, med begrundelsen.",
        "When a place fits one of your needs it appears here at once, with the reason.",
    ),
    "connecting": ("Forbinder …", "Connecting …"),
    "live": ("Opdateres live", "Live"),
    "lost": ("Forbindelsen er afbrudt. Prøver igen …", "Connection lost. Trying again …"),
    "empty": ("Ingen beskeder endnu", "No messages yet"),
    "empty_more": (
        "Nye ledige pladser dukker op her af sig selv. Du behøver ikke genindlæse siden.",
        "New places appear here by themselves. There is no need to reload.",
    ),
    "no_mail": (
        "Der er ingen mailadresse på denne person, så beskeder kommer kun her.",
        "There is no mail address for this person, so messages come here only.",
    ),
    "unassigned": ("Behov uden sagsbehandler", "Needs without a caseworker"),
    "need": ("Behov", "Need"),
    "need_gone": ("Behovet er lukket", "The need is closed"),
    "waiting_since": ("venter siden", "waiting since"),
    "deadline": ("frist", "deadline"),
    "urgency.normal": ("", ""),
    "urgency.soon": ("Haster", "Soon"),
    "urgency.acute": ("Akut", "Acute"),
    "kind.new": ("Ny plads", "New place"),
    "kind.reopened": ("Ledig igen", "Free again"),
    "of_100": ("af 100", "of 100"),
    "fit": ("Match", "Fit"),
    "why": ("Hvorfor?", "Why?"),
    "why_intro": (
        "Pointene lagt sammen giver tallet. Du kan selv regne efter.",
        "The points add up to the number. You can check it.",
    ),
    "of": ("af", "of"),
    "unknown": ("Ikke oplyst, så det er ikke bedømt", "Not stated, so not judged"),
    "places_free": ("Ledige pladser", "Places free"),
    "uncounted": ("antal ikke oplyst", "number not stated"),
    "from": ("Ledig fra", "Free from"),
    "now": ("nu", "now"),
    "confirmed": ("Bekræftet", "Confirmed"),
    "phone": ("Ring", "Call"),
    "no_phone": ("Telefon ikke oplyst", "No phone stated"),
    "where": ("Kommune", "Municipality"),
    "said": ("Besked", "Message"),
    "not_open": ("Ikke ledig længere", "No longer free"),
    "older": ("Vis ældre beskeder", "Show older messages"),
    "newest": ("Til de nyeste beskeder", "To the newest messages"),
    "announce": ("Ny besked", "New message"),
    "logged_in_as": ("Logget ind som", "Logged in as"),
    "log_out": ("Log ud", "Log out"),
    "log_in": ("Log ind", "Log in"),
    "other_language": ("English", "Dansk"),
    "foot": (
        "Ledigplads foreslår og begrunder. Det er et menneske, der beslutter.",
        "Ledigplads proposes and explains. A person decides.",
    ),
}

_CODES: Mapping[str, tuple[str, str]] = {
    "services": ("Ydelser", "Services"),
    "target_group": ("Målgruppe", "Target group"),
    "levels": ("Funktionsniveau", "Functional level"),
    "activities": ("Aktiviteter og opgaver", "Activities and tasks"),
    "travel": ("Afstand", "Distance"),
    "start": ("Startdato", "Start date"),
    "languages": ("Sprog", "Languages"),
    "opening_hours": ("Åbningstid", "Opening hours"),
    "section": ("Paragraf", "Section of the law"),
    "age": ("Alder", "Age"),
    "section_age": ("Paragraffens alder", "Age of the section"),
    "pension_age": ("Folkepensionsalder", "Pension age"),
    "cannot_take": ("Spørg først", "Ask first"),
    "gender": ("Køn", "Gender"),
    "capacity": ("Kapacitet", "Capacity"),
    "half_days": ("Halve dage", "Half-days"),
    "dates": ("Datoer", "Dates"),
    "distance": ("Afstandsgrænse", "Distance limit"),
    "price": ("Pris", "Price"),
    "reserved": ("Forbeholdt", "Reserved"),
    "registered": ("Registreret", "Registered"),
    "approved": ("Godkendt", "Approved"),
    "access": ("Tilgængelighed", "Accessibility"),
    "equipment": ("Udstyr", "Equipment"),
    "company": ("Plads til dem, der flytter med", "Room for those who come along"),
}
"""For policies that have not been seen; a policy's own words go before these."""


def language_of(wanted: str | None) -> Language:
    """Danish, unless English is asked for."""
    return cast("Language", wanted) if wanted in get_args(Language) else "da"


def word(key: str, language: Language) -> str:
    return _UI[key][language == "en"]


def code_word(code: str, language: Language) -> str:
    """Name a part or a rule; one that is not known keeps its code."""
    both = _CODES.get(code)
    return code if both is None else both[language == "en"]


def code_rank(code: str) -> tuple[int, str]:
    """Sort key of parts: the known ones in their own order, then the others."""
    known = list(_CODES)
    return (known.index(code) if code in _CODES else len(known), code)


def section_words(section: str, language: Language) -> str:
    """Say a section as people do: its number and what it is."""
    known = reference.sections().get(section)
    if known is None:
        return section
    label = known.label_en if language == "en" else known.label_da
    return f"§ {known.section} · {label}" if known.law == "Serviceloven" else f"{known.law} § {known.section} · {label}"


def municipality_name(code: str | None) -> str:
    known = reference.municipalities().get(code or "")
    return known.name if known else (code or "")


def say_date(day: date, language: Language) -> str:
    month = _MONTHS[language][day.month - 1]
    return f"{day.day} {month} {day.year}" if language == "en" else f"{day.day}. {month} {day.year}"


def say_moment(moment: datetime, language: Language) -> str:
    local = moment.astimezone(_COPENHAGEN)
    clock = f"{local:%H:%M}" if language == "en" else f"kl. {local:%H.%M}"
    return f"{say_date(local.date(), language)} {clock}"


def short_id(id_: str) -> str:
    """The end of a long id: enough to tell a person's needs apart. The beginning of a UUIDv7 is a time, much the same for all."""
    return id_ if len(id_) <= 14 else f"…{id_[-6:]}"  # noqa: PLR2004 - what fits a heading on a phone
