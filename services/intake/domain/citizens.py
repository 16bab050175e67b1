"""A citizen's name or date of birth in the text of an offer or a vacancy.

There the leader's name, a founder's and the house's own ("Sankt Annæ") are public on purpose. So a name counts only where the text
itself says that it is a citizen's: right behind or in front of a word for one ("borgeren Mette", "Jens Hansen, beboer", "min søn
Ali"). A date counts only as one of birth: with the day, the month, and a word that says so.
"""

from __future__ import annotations

import re
from typing import Final

from services.intake.domain.person_names import end_of_name

# "Nothing before that goes on with the word" is asked after the first letter: a pattern that begins with a set is searched faster.
_MARKER: Final = re.compile(
    r"[BEKPMVbekpmv](?<![\w/-].)"
    r"(?:(?:(?<=[Bb])(?i:orger|eboer|ruger)|(?<=[Ee])(?i:lev)|(?<=[Kk])(?i:lient)|(?<=[Pp])(?i:atient))"  # codespell:ignore lient
    r"(?P<form>(?i:ens?|s|(?:er)?ne)?)"
    r"|(?:(?<=[Mm])(?i:in|it)|(?<=[Vv])(?i:ores))\s+(?:\w+\s+)?(?i:søn|datter|barn|barnebarn))(?![\w/-])"
)
"""Not parents and partners: offers are founded and run by those ("grundlagt af vores far Jens Hansen")."""
_ALL_OF_THEM: Final = ("ne", "erne")
_GENITIVES: Final = ("s", "ens")
_DIRECTLY: Final = re.compile(r",?\s+(?:(?:der|som)\s+)?(?:ved\s+navn|med\s+navnet|kaldet)\s+|\s+(?=[^\W\d_])", re.IGNORECASE)
_SET_OFF: Final = re.compile(
    r",?\s+(?:(?:der|som)\s+)?hedder\s+|\s+navn\s*(?:er)?\s*:?\s+|\s*[:(]\s*|(?:\s*,|\s+[-–])\s+(?=[^\W\d_])", re.IGNORECASE
)
"""Between a marker and a name, where "kontakt for borgeren: Anne Jensen" is to stay a contact."""
_CLOSED_AGAIN: Final = (",", "-", "–")
_CLOSE: Final = re.compile(r"\s*[,)]|\s+[-–]")
_PREPOSITION: Final = re.compile(
    r"(?:^|\W)(?:for|til|af|om|med|hos|ved|fra|blandt)\s+(?:(?:en|én|den|hver|vores|enkelte|din)\s+){0,2}$", re.IGNORECASE
)
_A_USER: Final = re.compile(
    r"(?:^|[.:;!?(\n\"])\s*$|"
    r"\b(?:en|vores|ny|nuværende|tidligere|mandlig|kvindelig|ung|yngre|ældre|til|for|fra|om|med|efter|af)\s+$",
    re.IGNORECASE,
)
"""In front of `bruger` where it is no verb, as in "vi bruger Anne Jensens metode"."""
_NAME_IN_FRONT: Final = re.compile(
    r"(?<=[^\W\d_])(?:\s*\(\s*|\s*,\s+|\s+er\s+)(?:(?:vores|en|nuværende|tidligere)\s+)*$", re.IGNORECASE
)
_ASKS: Final = re.compile(r"\s+(?:du|vi|man|de|jeg)\b", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^\W\d_]+")
_AS_FAR_BACK: Final = 80
_WORDS_OF_A_NAME: Final = 3

_MONTHS: Final = "jan(?:uar)?|feb(?:ruar)?|mar(?:ts)?|apr(?:il)?|maj|jun[i]?|jul[i]?|aug(?:ust)?|sep(?:t|tember)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?"
_CENTURY: Final = r"(?:19[1-9]\d|20\d\d)"
"""Who may be alive: a founder who was born in 1850 is history."""
_YEAR: Final = rf"(?:{_CENTURY}|\d\d)(?!\d)"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE: Final = (
    rf"(?:{_DAY}\.?\s*(?:{_MONTHS})\.?(?:\s*,)?\s*{_YEAR}"
    rf"|{_DAY}\s?[./-]\s?(?:0?[1-9]|1[0-2])\s?[./ -]\s?{_YEAR}|{_CENTURY}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"
    rf"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){_YEAR})"
)
_BIRTH: Final = re.compile(
    r"[Ff](?<![\w/-].)(?i:ødt|ødselsdag(?:en)?|ødselsdato(?:en)?|ødselsd\.|\.)"
    rf"(?i:(?:\s|:|er|den|d\.|dag)*{_DATE})(?P<then>[^.]{{0,20}})"
)
_HINTS: Final = ("ødt", "ØDT", "ødsels", "ØDSELS", "f.", "F.")
"""One of these stands in whatever `_BIRTH` finds, and is looked for much faster."""
_A_LIMIT: Final = re.compile(r"\s*(?:\(?(?:eller|og)\s+(?:senere|tidligere|før|efter|derefter|frem)|[-–]\s*\d)", re.IGNORECASE)
"""Behind the day: "født 1. januar 2008 eller senere" is said of an age, not of a person."""
_A_HOUSE: Final = re.compile(
    r"\b(?:huset|stedet|tilbuddet|foreningen|skolen|projektet|ideen|idéen|centret|centeret|fonden)\s+(?:er|blev|var)\s+$",
    re.IGNORECASE,
)


def names_a_citizen(text: str) -> bool:
    """Say whether the text names somebody as a citizen: beside a word for one, and by a common first name or surname."""
    return any(_is_named_behind(text, marker) or _is_named_in_front(text, marker) for marker in _MARKER.finditer(text))


def tells_a_birth_date(text: str) -> bool:
    """Say whether the text tells somebody's date of birth: day, month and year behind a word that says so."""
    if not any(hint in text for hint in _HINTS):
        return False
    return any(
        not _A_LIMIT.match(found["then"]) and not _A_HOUSE.search(_before(text, found.start())) for found in _BIRTH.finditer(text)
    )


def _is_named_behind(text: str, marker: re.Match[str]) -> bool:
    before = _before(text, marker.start())
    if marker[0].casefold() == "bruger" and not _A_USER.search(before):
        return False
    form = (marker["form"] or "").casefold()
    directly = None if form in _GENITIVES else _DIRECTLY.match(text, marker.end())
    if directly and end_of_name(text, directly.end()) is not None:
        return True
    set_off = _SET_OFF.match(text, marker.end())
    if set_off is None or form in _ALL_OF_THEM or _PREPOSITION.search(before):
        return False
    end = end_of_name(text, set_off.end())
    # A name between commas or dashes says who the citizen is; behind one comma another sentence may begin.
    return end is not None and (set_off[0].strip() not in _CLOSED_AGAIN or _CLOSE.match(text, end) is not None)


def _is_named_in_front(text: str, marker: re.Match[str]) -> bool:
    if marker["form"] is None or marker["form"].casefold() not in {"", "en"} or _ASKS.match(text, marker.end()):
        return False
    before = _before(text, marker.start())
    link = _NAME_IN_FRONT.search(before)
    if link is None or (marker[0].casefold() == "bruger" and link[0].strip() == ","):
        return False  # "som Anne Jensen, bruger vi …"
    words = list(_WORDS.finditer(before, 0, link.start()))[-_WORDS_OF_A_NAME:]
    return any(end_of_name(before, word.start()) == link.start() for word in words)


def _before(text: str, end: int) -> str:
    return text[max(0, end - _AS_FAR_BACK) : end]
