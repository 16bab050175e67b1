"""From what somebody typed to what is looked for: words, the codes that they mean, a place, an age; and what was understood, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from services.intake.search.codes import code_lexeme
from services.intake.search.compounds import split, whole
from services.intake.search.words import known_words, tokens
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.intake.search.lexicon import Lexicon
    from services.intake.search.mistyping import KnownWord
    from shared.contracts.reference import Alias

_MOST_GROUPS: Final = 8
_OLDEST: Final = 200


@dataclass(frozen=True, slots=True)
class Typed:
    """A word that counts: as typed, in its regular form, and what stood around it."""

    shown: str
    word: str
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Words that stand for one thing: a result has them, or parts of them, or the codes that they mean.

    Attributes:
        shown: as typed.
        stems: all of them, anywhere; none: only the codes count.
        parts: of a compound, each with its stem: all of them, in titles, names and kinds.
        strong: codes that the words name, as good as the kind of a place in words; each a tsquery.
        weak: codes that the words imply, each a tsquery.
    """

    shown: str
    stems: tuple[str, ...]
    parts: tuple[tuple[str, str], ...] = ()
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()


def taken_apart(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Let each part of a compound that means nothing by itself stand alone, for a search that found nothing."""
    return tuple(
        single
        for group in groups
        for single in (
            [Group(part, (stem,)) for part, stem in group.parts] if group.parts and not group.strong + group.weak else [group]
        )
    )[:_MOST_GROUPS]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was understood otherwise than as a word to look for."""

    words: str
    text_da: str
    text_en: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """What a text asks for."""

    groups: tuple[Group, ...] = ()
    kommuner: tuple[str, ...] = ()
    landsdele: tuple[str, ...] = ()
    ages: tuple[int, int] | None = None
    with_vacancy: bool = False
    notes: tuple[Note, ...] = ()


def typed_words(text: str) -> list[Typed]:
    """Split what somebody typed into the words that count."""
    stop, found = known_words().stop, tokens(text)
    words = [token.word for token in found]
    return [
        Typed(token.typed, whole(found, at), words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else "")
        for at, token in enumerate(found)
        if token.word not in stop
    ]


def corrected(words: Sequence[Typed], corrections: Mapping[str, KnownWord]) -> tuple[list[Typed], list[Note]]:
    """Put the nearest known word in place of those that nothing has."""
    notes = []
    result = []
    for typed in words:
        found = corrections.get(typed.word)
        if found is None:
            result.append(typed)
            continue
        result.append(replace(typed, word=found.word, shown=found.shown))
        notes.append(Note(typed.shown, f"Der søges efter »{found.shown}«", f"Searching for “{found.shown}”"))
    return result, notes


def understand(words: Sequence[Typed], lexicon: Lexicon) -> Understood:
    """Find ages, places and known phrases, the longest first; what remains is looked for as words."""
    reader = _Reader(lexicon)
    at = 0
    while at < len(words):
        at += reader.take(words, at)
    return reader.understood()


class _Reader:
    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._groups: list[tuple[Group, bool]] = []
        self._kommuner: list[str] = []
        self._landsdele: list[str] = []
        self._ages: tuple[int, int] | None = None
        self._with_vacancy = False
        self._notes: list[Note] = []

    def take(self, words: Sequence[Typed], at: int) -> int:
        """Read what begins at a position; says how many words that was."""
        return (
            self._age(words, at)
            or self._postcode(words, at)
            or self._alias(words, at)
            or self._place(words, at)
            or self._word(words[at])
        )

    def understood(self) -> Understood:
        groups = [group for group, light in self._groups if not light]
        if not groups and not (self._with_vacancy or self._kommuner or self._landsdele or self._ages):
            groups = [group for group, _ in self._groups]
        return Understood(
            tuple(groups[:_MOST_GROUPS]),
            tuple(dict.fromkeys(self._kommuner)),
            tuple(dict.fromkeys(self._landsdele)),
            self._ages,
            self._with_vacancy,
            tuple(self._notes),
        )

    def _age(self, words: Sequence[Typed], at: int) -> int:
        """Read `17 år`, `18-25 år`, `under 18 år`, `over 65 år`, `på 19`; an age has two digits, or one, or is 100 and a little."""
        numbers: list[int] = []
        while at + len(numbers) < len(words) and words[at + len(numbers)].word.isdecimal() and len(numbers) < 2:  # noqa: PLR2004 - from, to
            numbers.append(int(words[at + len(numbers)].word))
        end = at + len(numbers)
        in_years = end < len(words) and words[end].word in known_words().years
        if not numbers or max(numbers) > 120 or not (in_years or words[at].after == "paa"):  # noqa: PLR2004 - nobody is older
            return 0
        end += in_years
        low, high = min(numbers), max(numbers)
        if words[at].after == "under":
            low, high = 0, max(0, high - 1)
        elif words[at].after == "over":
            high = _OLDEST
        self._ages = low, high
        shown = " ".join(typed.shown for typed in words[at:end])
        self._notes.append(
            Note(shown, "Steder for den alder, eller uden aldersgrænse", "Places for that age, or without a limit of age")
        )
        return end - at

    def _alias(self, words: Sequence[Typed], at: int) -> int:
        stems = self._lexicon.stems
        for length in range(min(self._lexicon.longest_alias, len(words) - at), 0, -1):
            span = words[at : at + length]
            key = tuple(stems[typed.word] for typed in span)
            if meant := self._lexicon.aliases.get(key):
                self._groups.append((_meant(span, key, meant, self._lexicon), False))
                self._notes += _alias_notes(span, meant)
                return length
        return 0

    def _place(self, words: Sequence[Typed], at: int) -> int:
        for length in range(min(self._lexicon.longest_place, len(words) - at), 0, -1):
            span = words[at : at + length]
            shown = " ".join(typed.shown for typed in span)
            for key in _spellings_of_place(span):
                if names := self._lexicon.landsdele.get(key):
                    self._landsdele += names
                    self._notes.append(Note(shown, f"Steder i {', '.join(names)}", f"Places in {', '.join(names)}", names))
                    return length
                code = self._lexicon.kommuner.get(key)
                if code and not _is_only_a_word(span):
                    name = reference.municipalities()[code].name
                    self._kommuner.append(code)
                    self._notes.append(Note(shown, f"Steder i {name}", f"Places in {name}", (code,)))
                    return length + _quarter(words, at + length)
        return 0

    def _postcode(self, words: Sequence[Typed], at: int) -> int:
        """Read `8000`, `8000 Aarhus C`: where a name follows, that says it."""
        word = words[at].word
        if len(word) != 4 or not word.isdecimal():  # noqa: PLR2004 - as they are in Denmark
            return 0
        if at + 1 < len(words) and (length := self._place(words, at + 1)):
            return 1 + length
        codes = (code for first, last, code in known_words().postcodes if first <= int(word) <= last)
        code = next(codes, None)
        if code is None:
            return 0
        name = reference.municipalities()[code].name
        self._kommuner.append(code)
        self._notes.append(Note(words[at].shown, f"Steder i {name}", f"Places in {name}", (code,)))
        return 1

    def _word(self, typed: Typed) -> int:
        rules = known_words()
        if typed.word in rules.vacant:
            self._with_vacancy = True
            self._notes.append(Note(typed.shown, "Kun steder med ledige pladser", "Only places with a vacancy"))
            return 1
        stems = self._lexicon.stems
        group = Group(typed.shown, (stems[typed.word],), tuple((part, stems[part]) for part in split(typed.word)))
        self._groups.append((group, typed.word in rules.light))
        return 1


def _meant(span: Sequence[Typed], stems: tuple[str, ...], meant: Sequence[Alias], lexicon: Lexicon) -> Group:
    parts = tuple((part, lexicon.stems[part]) for part in split(span[0].word)) if len(span) == 1 else ()
    strong: list[str] = []
    weak: list[str] = []
    for alias in meant:
        names, implies = _codes_of(alias)
        strong += names
        weak += implies
    shown = " ".join(typed.shown for typed in span)
    if strong and any(typed.word.isdecimal() for typed in span):
        stems = ()  # who asks for § 85 does not ask for a text that has 85 in it
    return Group(shown, stems, parts, tuple(dict.fromkeys(strong)), tuple(dict.fromkeys(weak)))


def _codes_of(alias: Alias) -> tuple[list[str], list[str]]:
    """Give the codes that an alias names, and those that it implies: what people do there says little about the section it is done under."""
    kinds, sections = _lexemes("kind", alias.kinds), _lexemes("section", alias.sections)
    done = _lexemes("activity", alias.activities) + _lexemes("work_task", alias.work_tasks)
    groups, services = _lexemes("target_group", alias.target_groups), _lexemes("service", alias.services)
    if done and groups:
        return [], [f"({_any(done)}) & ({_any(groups)})"]
    if done:
        return [], done + services + kinds
    if groups:
        # The section that is made for these people says more than that a place takes them, too.
        return sections, groups + kinds + services
    if kinds and not any(sign.isdecimal() for word in alias.words for sign in word):
        # A kind has a section that it is usually under, with much else; only who names a section by its number means all of it.
        return kinds, sections + services
    return kinds + sections or _lexemes("access", alias.access), services


def _lexemes(dimension: str, codes: Sequence[str]) -> list[str]:
    return [f"'{code_lexeme(dimension, code)}'" for code in codes]


def _any(lexemes: Sequence[str]) -> str:
    return " | ".join(lexemes)


def _alias_notes(span: Sequence[Typed], meant: Sequence[Alias]) -> list[Note]:
    shown = " ".join(typed.shown for typed in span)
    notes = []
    for alias in meant:
        codes = (*alias.sections, *alias.kinds, *alias.activities, *alias.work_tasks, *alias.access)
        groups = tuple(reference.target_groups()[code].label_da for code in alias.target_groups)
        labels_da, labels_en = _labels(alias)
        text_da = f"Betyder også: {labels_da}" if labels_da else ""
        text_en = f"Also means: {labels_en}" if labels_en else ""
        notes.append(
            Note(
                shown,
                " ".join(filter(None, (alias.note_da, text_da))),
                " ".join(filter(None, (alias.note_en, text_en))),
                codes + (alias.target_groups if groups else ()),
            )
        )
    return notes


def _labels(alias: Alias) -> tuple[str, str]:
    lists = reference.code_lists()
    items = [lists["offer-types"].items[code] for code in dict.fromkeys((*alias.sections, *alias.kinds))]
    items += [lists["target-groups"].items[code] for code in alias.target_groups]
    items += [lists["activities"].items[code] for code in alias.activities]
    items += [lists["work-tasks"].items[code] for code in alias.work_tasks]
    items += [lists["access"].items[code] for code in alias.access]
    return ", ".join(_numbered(item, item.label_da) for item in items), ", ".join(
        _numbered(item, item.label_en) for item in items
    )


def _numbered(item: object, label: str) -> str:
    section = getattr(item, "section", None) if getattr(item, "is_section", False) else None
    return f"§ {section} {label}" if section else label


def _spellings_of_place(span: Sequence[Typed]) -> list[tuple[str, ...]]:
    """Give the name as typed, and without the s of its genitive: Københavns."""
    key = tuple(typed.word for typed in span)
    return [key, (*key[:-1], key[-1].removesuffix("s"))] if key[-1].endswith("s") else [key]


def _quarter(words: Sequence[Typed], at: int) -> int:
    """Count the letters behind the name of a town that say which part of it: Aarhus C, København NV."""
    return int(at < len(words) and words[at].word in known_words().quarters)


def _is_only_a_word(span: Sequence[Typed]) -> bool:
    """Say whether it is no name here: `på vejen hjem`."""
    only = span[0]
    return len(span) == 1 and only.word in known_words().words_too and only.after != "i" and not only.before.startswith("kommune")
