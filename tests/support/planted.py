"""A protected place with distinctive words and numbers, and a search for them in whatever has left intake."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.geography import to_metres
from shared.contracts.drafts import GeoPoint

if TYPE_CHECKING:
    from collections.abc import Iterator

STREET: Final = "Kvidderbæksvej"
TOWN: Final = "Nørre Snede"
LATITUDE, LONGITUDE = 55.963417, 9.397583
_POINT: Final = to_metres(GeoPoint(latitude=LATITUDE, longitude=LONGITUDE))

PLACE: Final[dict[str, Any]] = {
    "cvr": "31415926",
    "p_number": "2718281828",
    "register_id": "TP-577215",
    "register_department_ids": ["AFD-161803"],
    "municipality": "0756",
    "point": {"latitude": LATITUDE, "longitude": LONGITUDE},
    "address": f"{STREET} 173, 8766 {TOWN}",
    "contact": {"phone": "70 20 30 40", "email": "vagt@zqxvorn.dk", "web": "https://zqxvorn.dk/find-vej"},
}
"""Of an offer; a vacancy's own site has the first three of the last four."""

_WORDS: Final = (
    "kvidder",
    "zqxvorn",
    "31415926",
    "2718281828",
    "577215",
    "161803",
    "8766",
    "0756",
    "nørre snede",
    "nørre-snede",
    "ikast",
)
_NOT_MEANT: Final = (
    # Random ids, hashes, positions and times hold any digits.
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE),
    re.compile(r"(?<![0-9a-f])[0-9a-f]{16,}(?![0-9a-f])", re.IGNORECASE),
    re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?"),
    re.compile(r"server process \[\d+\]"),
)
_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,9}(?:[.,]\d+)?(?![\w])")
_METRES: Final = 5_000
_KILOMETRES: Final = 1_000
_DEGREES: Final = 0.2


@dataclass
class Found:
    """What was found, and where."""

    places: list[str] = field(default_factory=list)

    def look(self, where: str, content: bytes | None, *, allowed: frozenset[str] = frozenset()) -> frozenset[str]:
        """Look into something that has left intake; gives all needles, and notes those that are not allowed there."""
        needles = frozenset(needles_in(content or b""))
        self.places += [f"{where}: {needle}" for needle in sorted(needles - allowed)]
        return needles


def needles_in(content: bytes) -> Iterator[str]:
    """Find planted words, and planted coordinates in degrees, metres or kilometres however they were rounded."""
    text = _text(content)
    plain = text.casefold().replace("aa", "å").replace("oe", "ø").replace("ae", "æ")
    yield from (word for word in _WORDS if word in plain)
    for pattern in _NOT_MEANT:
        text = pattern.sub(" ", text)
    for found in _NUMBER.findall(text):
        number = float(found.replace(",", "."))
        if abs(number - _POINT.easting_m) < _METRES or abs(number - _POINT.northing_m) < _METRES:
            yield f"metres {found}"
        if abs(number - _POINT.easting_m / _KILOMETRES) < 1 or abs(number - _POINT.northing_m / _KILOMETRES) < 1:
            yield f"kilometres {found}"
        is_clock = re.fullmatch(r"0\d\.\d\d", found)  # 09.40 on a Danish page
        if "." in found and not is_clock and (abs(number - LATITUDE) < _DEGREES or abs(number - LONGITUDE) < _DEGREES):
            yield f"degrees {found}"


def _text(content: bytes) -> str:
    if content[:2] == b"PK":  # a spreadsheet is a folder of XML in a zip file
        with zipfile.ZipFile(io.BytesIO(content)) as folder:
            return "\n".join(folder.read(name).decode(errors="replace") for name in folder.namelist())
    return content.decode(errors="replace")
