"""How a cell is read into a JSON value, and a JSON value written into a cell.

A cell is text, whatever the file was: a spreadsheet's numbers, dates and truth values come as text too (`files`). What a cell does not
understand it hands on as it stands, so that the contract refuses it in its own words; only where that would say nothing to somebody
who filled in a sheet does a cell refuse by itself, and shows the form that it takes.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from services.intake.sheets import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json: TypeAlias = Any
"""A JSON value: what a cell is read into, and written from."""

SEPARATOR: Final = "; "
_BETWEEN_ENTRIES: Final = re.compile(r"[;|\n]")
_THOUSANDS: Final = re.compile(r"\d{1,3}([.\s\u00a0\u202f]\d{3})+", re.ASCII)
_WHOLE: Final = re.compile(r"\d+([.,]0+)?", re.ASCII)
_NO_CENTS: Final = re.compile(r",(?:00?|-)$", re.ASCII)
_KRONER: Final = re.compile(r"^(?:kr\.?|dkk)\s*|\s*(?:kr\.?|kroner|dkk)$", re.IGNORECASE)
_DANISH_DATE: Final = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})", re.ASCII)
_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?", re.ASCII)
_MONTH: Final = re.compile(r"(\d{1,2})[-./](\d{4})", re.ASCII)
_ISO_MONTH: Final = re.compile(r"(\d{4}-\d{2})(?:-01)?", re.ASCII)
_HOUR: Final = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?", re.ASCII)
_YES: Final = frozenset({"ja", "yes", "true", "sand", "sandt", "1", "x", "j", "y"})
_NO: Final = frozenset({"nej", "no", "false", "falsk", "0", "n"})
_UNKNOWN: Final = frozenset({"ukendt", "ikke oplyst", "unknown"})


class UnreadableError(ValueError):
    """The cell has not the form it must have; `form` shows one that has."""

    def __init__(self, form: str) -> None:
        super().__init__(form)
        self.form = form


class Cell(ABC):
    """A kind of cell."""

    form: str = ""
    """What one looks like, for people."""
    is_free: bool = False
    """Whether anything can stand in it: text that somebody wrote."""

    @abstractmethod
    def read(self, text: str) -> Json:
        """Give the JSON value of a text that is not empty and has no space around it.

        Raises:
            UnreadableError: it has not the form it must have.
        """

    def write(self, value: Json) -> str:
        """Give the text of a value that is not null."""
        return str(value)

    def choices(self) -> Mapping[str, str]:
        """Give what a drop-down offers, by the code that it stands for; nothing where the cell is not of a closed list."""
        return {}


class Text(Cell):
    """Text as it stands."""

    form = "tekst"
    is_free = True

    def read(self, text: str) -> str:
        return text


class Whole(Cell):
    """A whole number, with or without a point between the thousands."""

    form = "helt tal"

    def read(self, text: str) -> int | str:
        if len(text) >= _LONGEST_NUMBER:
            return text
        if _is_digits(text):
            return int(text)
        if _THOUSANDS.fullmatch(text):
            return int(re.sub(r"\D", "", text))
        if _WHOLE.fullmatch(text):
            return int(re.split("[.,]", text)[0])
        return text


_LONGEST_NUMBER: Final = 18


def _is_digits(text: str) -> bool:
    """Say whether it is a whole number as `int` takes it: "²" is a digit too for `isdigit`, and no number."""
    return text.isascii() and text.isdigit()


class Kroner(Whole):
    """A price in whole kroner: 1200, `1.200,00`, `1200,-` or `1200 kr.`; with øre it is left for the contract to refuse."""

    form = "hele kroner, fx 1200"

    def read(self, text: str) -> int | str:
        read = super().read(_NO_CENTS.sub("", _KRONER.sub("", text)))
        return text if isinstance(read, str) else read


class Decimal(Cell):
    """A number with a decimal comma, or a point."""

    form = "tal, fx 56,15"

    def read(self, text: str) -> float | str:
        try:
            number = float(text.replace(",", ".", 1))
        except ValueError:
            return text
        if not math.isfinite(number):  # JSON has none such, and would say nothing instead
            raise UnreadableError(self.form)
        return number

    def write(self, value: Json) -> str:
        return str(value).replace(".", ",")


class YesNo(Cell):
    """Yes or no; what is not known is left empty, or said."""

    form = "ja eller nej"

    def read(self, text: str) -> bool | str | None:
        word = text.casefold()
        if word in _UNKNOWN:
            return None
        return True if word in _YES else False if word in _NO else text

    def write(self, value: Json) -> str:
        return "ja" if value else "nej"

    def choices(self) -> Mapping[str, str]:
        return {"ja": "ja", "nej": "nej"}


class Day(Cell):
    """A date, as Danes write it or as ISO 8601 does."""

    form = "dato, fx 31-12-2026"

    def read(self, text: str) -> str:
        if found := _ISO_DATE.fullmatch(text):
            year, month, day = found.groups()
        elif found := _DANISH_DATE.fullmatch(text):
            day, month, year = found.groups()
        else:
            return text
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            return text


class Month(Cell):
    """A month: 03-2027 or 2027-03."""

    form = "måned, fx 03-2027"

    def read(self, text: str) -> str:
        if found := _ISO_MONTH.fullmatch(text):
            return found[1]
        found = _MONTH.fullmatch(text)
        return f"{found[2]}-{found[1]:0>2}" if found else text


@dataclass(frozen=True)
class Word(Cell):
    """One code of a closed list, written as the code or as a word for it, or as our drop-downs show both: `code · word`."""

    known: Callable[[], Mapping[str, tuple[str, ...]]]
    shows_code: bool = False
    """Whether a sheet of ours shows the code: where it says more to people than the word."""
    digits: int = 0
    """How many digits a code has: spreadsheets drop a zero in front."""
    _by_word: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def form(self) -> str:  # type: ignore[override] # a property reads like the attribute
        """Show some of the words."""
        shown = [self.write(code) for code in list(self.known())[:3]]
        return "fx " + ", ".join(shown)

    def read(self, text: str) -> str:
        code = self.find(text)
        return text if code is None else code

    def find(self, text: str) -> str | None:
        """Find the code of a text."""
        known = self._words()
        if text in known:
            return known[text]
        word = text.casefold()
        if word in known:
            return known[word]
        if self.digits and _is_digits(text):
            return known.get(text.zfill(self.digits))
        return known.get(text.partition(" · ")[0].strip().casefold()) if " · " in text else None

    def write(self, value: Json) -> str:
        labels = self.known().get(value)
        if not labels or self.shows_code:
            return str(value)
        label = labels[0]
        return label if not _BETWEEN_ENTRIES.search(label) and self._words().get(label.casefold()) == value else str(value)

    def choices(self) -> Mapping[str, str]:
        return {code: self._choice(code, labels[0]) for code, labels in self.known().items()}

    def _choice(self, code: str, label: str) -> str:
        shown = self.write(code)
        return f"{code} · {label}" if shown == code != label else shown

    def _words(self) -> dict[str, str]:
        if not self._by_word:
            known = self.known()
            for code, labels in known.items():
                for label in labels:
                    self._by_word.setdefault(label.casefold(), code)
            self._by_word.update({code.casefold(): code for code in known} | {code: code for code in known})
        return self._by_word


@dataclass(frozen=True)
class Several(Cell):
    """Several entries in one cell, with semicolons between them; between codes a comma will do."""

    entry: Cell
    commas: bool = False

    @property
    def is_free(self) -> bool:  # type: ignore[override] # a property reads like the attribute
        """Say what its entries are."""
        return self.entry.is_free

    @property
    def form(self) -> str:  # type: ignore[override] # a property reads like the attribute
        """Show two."""
        return f"{self.entry.form}; flere adskilles af semikolon"

    def read(self, text: str) -> list[Any]:
        values: list[Any] = []
        for part in _BETWEEN_ENTRIES.split(text):
            entry = part.strip()
            if not entry:
                continue
            if self.commas and "," in entry and not (isinstance(self.entry, Word) and self.entry.find(entry)):
                values += [self._one(piece.strip()) for piece in entry.split(",") if piece.strip()]
            else:
                read = self._one(entry)
                values += read if isinstance(read, list) else [read]
        return values

    def _one(self, entry: str) -> Json:
        return self.entry.read(entry)

    def write(self, value: Json) -> str:
        return SEPARATOR.join(self.entry.write(one) for one in value)

    def choices(self) -> Mapping[str, str]:
        return self.entry.choices()


class _HalfDayCell(Cell):
    """`man fm`, or `man` for both halves."""

    form = "man fm"

    def read(self, text: str) -> list[dict[str, Any]]:
        day, _, half = text.partition(" ")
        halves = [HALF.find(half.strip())] if half.strip() else ["morning", "afternoon"]
        weekday = WEEKDAY.find(day)
        if weekday is None or halves[0] is None:
            raise UnreadableError(self.form)
        return [{"weekday": int(weekday), "half": one} for one in halves]

    def write(self, value: Json) -> str:
        return f"{WEEKDAY.write(str(value['weekday']))} {HALF.write(value['half'])}"


class _DayCapacityCell(Cell):
    """`man fm 3`; without a number the places are not counted."""

    form = "man fm 3"

    def read(self, text: str) -> list[dict[str, Any]]:
        day, number = (text.rpartition(" ")[::2]) if _is_digits(text[-1:]) else (text, "")
        places = {"places_free": int(number)} if _is_digits(number) and len(number) < _LONGEST_NUMBER else {}
        if number and not places:
            raise UnreadableError(self.form)
        try:
            return [one | places for one in _HalfDayCell().read(day.strip().rstrip(":"))]
        except UnreadableError:
            raise UnreadableError(self.form) from None

    def write(self, value: Json) -> str:
        day = _HalfDayCell().write(value)
        return day if value.get("places_free") is None else f"{day} {value['places_free']}"


class _OpeningHoursCell(Cell):
    """`man 8:00-16:00`, or `man-fre 8-16` for each day from one to another."""

    form = "man-fre 8:00-16:00"

    def read(self, text: str) -> list[dict[str, Any]]:
        days, _, hours = text.partition(" ")
        first, _, last = days.rstrip(":").partition("-")
        opens, _, closes = hours.replace("–", "-").replace(" ", "").partition("-")
        begin, end = WEEKDAY.find(first), WEEKDAY.find(last or first)
        hours_read = _HOUR.fullmatch(opens) and _HOUR.fullmatch(closes)
        if begin is None or end is None or begin > end or not hours_read:
            raise UnreadableError(self.form)
        return [{"weekday": day, "opens": _clock(opens), "closes": _clock(closes)} for day in range(int(begin), int(end) + 1)]

    def write(self, value: Json) -> str:
        return f"{WEEKDAY.write(str(value['weekday']))} {value['opens']}-{value['closes']}"


def _clock(text: str) -> str:
    found = _HOUR.fullmatch(text)
    return f"{found[1]:0>2}:{found[2] or '00'}" if found else text


class _ExclusionCell(Cell):
    """A target group, and in brackets whether one may ask: `… (spørg først)`."""

    form = "Demens (spørg først)"

    def read(self, text: str) -> dict[str, Any]:
        strength, code = "absolute", TARGET_GROUP.find(text)
        if code is None and text.endswith(")"):
            label, _, said = text[:-1].rpartition("(")
            found = STRENGTH.find(said.strip())
            if found is None:
                raise UnreadableError(self.form)
            strength, code = found, TARGET_GROUP.read(label.strip())
        return {"code": text if code is None else code, "strength": strength}

    def write(self, value: Json) -> str:
        label = TARGET_GROUP.write(value["code"])
        return label if value["strength"] == "absolute" else f"{label} ({STRENGTH.write(value['strength'])})"

    def choices(self) -> Mapping[str, str]:
        return TARGET_GROUP.choices()


class Levels(Cell):
    """Functional levels: `Samtale 3; Spise 2`."""

    form = "Samtale 3; Spise 2"

    def read(self, text: str) -> dict[str, Any]:
        levels: dict[str, Any] = {}
        for part in _BETWEEN_ENTRIES.split(text):
            if not (entry := part.strip()):
                continue
            theme, _, level = entry.rpartition(" ")
            theme = theme.strip().rstrip("=:").strip()
            if not theme or len(level) != 1 or not _is_digits(level):
                raise UnreadableError(self.form)
            levels[THEME.read(theme)] = int(level)
        return levels

    def write(self, value: Json) -> str:
        return SEPARATOR.join(f"{THEME.write(code)} {level}" for code, level in value.items())

    def choices(self) -> Mapping[str, str]:
        return THEME.choices()


def word(known: Mapping[str, tuple[str, ...]]) -> Word:
    """Make the cell of a closed list that only the contract has."""
    return Word(lambda: known)


def listed(name: str, *, shows_code: bool = False) -> Word:
    """Make the cell of one of the project's code lists."""
    return Word(partial(words.of_list, name), shows_code)


TARGET_GROUP: Final = listed("target-groups")
SERVICE: Final = listed("services")
THEME: Final = listed("themes")
SECTION: Final = Word(words.sections, shows_code=True)
OFFER_KIND: Final = Word(words.offer_kinds, shows_code=True)
MUNICIPALITY: Final = Word(words.municipalities, digits=4)
HALF: Final = word(words.HALVES)
WEEKDAY: Final = word(words.WEEKDAYS)
STRENGTH: Final = word(words.STRENGTHS)

TEXT: Final = Text()
WHOLE: Final = Whole()
KRONER: Final = Kroner()
DECIMAL: Final = Decimal()
YES_NO: Final = YesNo()
DAY: Final = Day()
MONTH: Final = Month()
HALF_DAYS: Final = Several(_HalfDayCell())
DAY_CAPACITY: Final = Several(_DayCapacityCell())
OPENING_HOURS: Final = Several(_OpeningHoursCell())
EXCLUSIONS: Final = Several(_ExclusionCell())
LEVELS: Final = Levels()
TEXTS: Final = Several(TEXT, commas=True)


def several(entry: Word) -> Several:
    """Make the cell of several codes of a list."""
    return Several(entry, commas=True)
