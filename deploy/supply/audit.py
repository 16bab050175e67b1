"""Is a weakness known of anything that we are made of? Every component of the SBOM is asked about at OSV (osv.dev).

    python -m deploy.supply.audit

Exit codes: 0 nothing is known that has not been judged, 1 something is, 3 nobody could be asked. LEDIGPLADS_OSV_URL names another
service of the same kind, where this machine reaches only a mirror.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx2
import yaml

from deploy.supply.sbom import NoSbomError, bill_of_materials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OSV: Final = "https://api.osv.dev"
_JUDGED: Final = Path(__file__).with_name("judged.yaml")
_AT_ONCE: Final = 500
_PATIENCE_SECONDS: Final = 30

NOTHING_KNOWN: Final = 0
SOMETHING_KNOWN: Final = 1
NOT_ASKED: Final = 3


@dataclass(frozen=True, slots=True)
class Weakness:
    """One that is known of one component."""

    purl: str
    id: str

    def __str__(self) -> str:
        return f"{self.purl}: {self.id} (https://osv.dev/{self.id})"


def ask(purls: Sequence[str], url: str) -> list[Weakness]:
    """Ask about components by their package URLs.

    Raises:
        httpx2.HTTPError: the service does not answer, or not with an answer.
    """
    found: list[Weakness] = []
    with httpx2.Client(base_url=url, timeout=_PATIENCE_SECONDS) as client:
        for start in range(0, len(purls), _AT_ONCE):
            some = purls[start : start + _AT_ONCE]
            queries = [{"package": {"purl": purl}} for purl in some]
            answer = client.post("/v1/querybatch", json={"queries": queries}).raise_for_status()
            results: list[dict[str, Any]] = answer.json()["results"]
            found += [
                Weakness(purl, known["id"])
                for purl, result in zip(some, results, strict=True)
                for known in result.get("vulns", [])
            ]
    return found


def judged(today: date, path: Path = _JUDGED) -> Mapping[str, str]:
    """Read what we have looked at and do not think touches us: why, by id, until its day."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["judged"] or []
    return {entry["id"]: entry["why"] for entry in entries if entry["until"] >= today}


def main() -> int:
    """Ask, and tell; the exit code."""
    url = os.environ.get("LEDIGPLADS_OSV_URL", _OSV)
    try:
        components = bill_of_materials()["components"]
    except NoSbomError as error:
        _say(f"NOT AUDITED: {error}")
        return NOT_ASKED
    purls = sorted({one["purl"] for one in components if "purl" in one})
    try:
        found = ask(purls, url)
    except httpx2.HTTPError as error:
        _say(
            f"NOT AUDITED: {url} does not answer ({type(error).__name__}). Nothing is known of {len(purls)} components, good or bad."
        )
        return NOT_ASKED
    known = judged(datetime.now(UTC).date())
    open_ones = [one for one in found if one.id not in known]
    for one in open_ones:
        _say(str(one))
    _say(f"{len(purls)} components asked about, {len(open_ones)} known weaknesses, {len(found) - len(open_ones)} judged before.")
    return SOMETHING_KNOWN if open_ones else NOTHING_KNOWN


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
