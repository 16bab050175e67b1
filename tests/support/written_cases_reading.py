"""YAML with the line of everything in it, and errors that say in Danish and English where what is wrong stands."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

import yaml

_T = TypeVar("_T")

_FEW = 40
"""So many names can be told where none looks like what was written."""


class CaseError(Exception):
    """What is wrong with a case, where it stands, first in Danish and then in English."""


class WrongEntryError(Exception):
    """What is wrong on a line, before it is known which case the line belongs to."""

    def __init__(self, line: int, da: str, en: str) -> None:
        super().__init__(da, en)
        self.line, self.da, self.en = line, da, en

    def in_case(self, file: Path, name: str) -> CaseError:
        return CaseError(
            f"{file.name}, linje {self.line}, sagen »{name}«: {self.da}\n{file.name}, line {self.line}, case »{name}«: {self.en}"
        )


class Entry:
    """One value of the file: a text, number or day; a list of entries; or entries by name."""

    def __init__(self, node: yaml.Node, plain: yaml.SafeLoader) -> None:
        self.line: int = node.start_mark.line + 1
        self._value: object
        if isinstance(node, yaml.MappingNode):
            named: dict[str, Entry] = {}
            for key, value in node.value:
                name = str(plain.construct_object(key))
                if name in named:
                    raise WrongEntryError(key.start_mark.line + 1, f"»{name}« står to gange.", f"»{name}« stands twice.")
                named[name] = Entry(value, plain)
                named[name].line = key.start_mark.line + 1
            self._value = named
        elif isinstance(node, yaml.SequenceNode):
            self._value = [Entry(one, plain) for one in node.value]
        else:
            self._value = plain.construct_object(node)

    def wrong(self, da: str, en: str) -> WrongEntryError:
        return WrongEntryError(self.line, da, en)

    @property
    def is_list(self) -> bool:
        return isinstance(self._value, list)

    def is_text(self, text: str) -> bool:
        return self._value == text

    def named(self) -> dict[str, "Entry"]:
        if not isinstance(self._value, dict):
            raise self.wrong("her skal stå felter med navn og værdi.", "fields with a name and a value must stand here.")
        return self._value

    def each(self) -> list["Entry"]:
        """Give the entries of a list; one that stands alone is a list of one."""
        return self._value if isinstance(self._value, list) else [self]

    def text(self) -> str:
        if isinstance(self._value, (dict, list)) or self._value is None:
            raise self.wrong("her skal stå en tekst.", "a text must stand here.")
        return str(self._value).strip()

    def number(self) -> int:
        if not isinstance(self._value, int) or isinstance(self._value, bool):
            raise self.wrong(
                f"her skal stå et helt tal, ikke {self._shown()}.", f"a whole number must stand here, not {self._shown()}."
            )
        return self._value

    def yes(self) -> bool:
        answers = {"ja": True, "nej": False}
        if str(self._value) not in answers:
            raise self.wrong(
                f"her skal stå ja eller nej, ikke {self._shown()}.", f"ja or nej must stand here, not {self._shown()}."
            )
        return answers[str(self._value)]

    def day(self) -> date:
        if not isinstance(self._value, date):
            da, en = "her skal stå en dato som 2026-12-31", "a date like 2026-12-31 must stand here"
            raise self.wrong(f"{da}, ikke {self._shown()}.", f"{en}, not {self._shown()}.")
        return self._value

    def one_of(self, known: Mapping[str, _T], what: str) -> _T:
        """Give what a name stands for; capital letters do not matter. An unknown name is told with those that look like it."""
        folded = {name.casefold(): value for name, value in known.items()}
        name = self.text()
        if name.casefold() in folded:
            return folded[name.casefold()]
        raise self.unknown(name, known, what)

    def unknown(self, name: str, known: Mapping[str, object], what: str) -> WrongEntryError:
        folded = {one.casefold(): one for one in known}
        alike = [folded[near] for near in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
        if not alike and len(known) <= _FEW:
            alike = sorted(known)
        hint = (f" Mener du: {', '.join(alike)}?", f" Do you mean: {', '.join(alike)}?") if alike else ("", "")
        return self.wrong(f"»{name}« kendes ikke som {what}.{hint[0]}", f"»{name}« is not known as {what}.{hint[1]}")

    def _shown(self) -> str:
        return "en liste" if isinstance(self._value, list) else "felter" if isinstance(self._value, dict) else f"»{self._value}«"


Fields = Mapping[str, Callable[[Entry], Mapping[str, object]]]
"""By the name that a field has in the file: what it makes of the entry, by the names of the contract."""


def read_fields(entry: Entry, fields: Fields, *, beside: frozenset[str] = frozenset()) -> dict[str, object]:
    """Read named fields into values of the contract; `beside` are fields that somebody else reads."""
    found: dict[str, object] = {}
    for name, value in entry.named().items():
        if name in beside:
            continue
        if name not in fields:
            raise value.unknown(name, {**fields, **dict.fromkeys(beside)}, "felt")
        found |= fields[name](value)
    return found


def read_file(path: Path) -> Entry:
    """Read a file; where it is no YAML, say on which line."""
    plain = _Loader(path.read_text(encoding="utf-8"))
    try:
        node = plain.get_single_node()
        if node is None:
            raise CaseError(f"{path.name} er tom.\n{path.name} is empty.")
        return Entry(node, plain)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        told = f"{path.name}, linje {line}: filen kan ikke læses her; se på indrykning, kolon og anførselstegn"
        raise CaseError(f"{told}.\n{path.name}, line {line}: the file cannot be read here ({error.problem}).") from error
    except WrongEntryError as error:
        raise CaseError(f"{path.name}, linje {error.line}: {error.da}\n{path.name}, line {error.line}: {error.en}") from error
    finally:
        plain.dispose()


class _Loader(yaml.SafeLoader):
    """Reads ja, nej, yes and no as the words that they are."""


def _without_words_of_truth() -> Iterator[tuple[str, list[tuple[str, object]]]]:
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items():
        yield first, [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool"]


_Loader.yaml_implicit_resolvers = dict(_without_words_of_truth())
