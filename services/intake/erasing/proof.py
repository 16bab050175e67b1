"""The proof of an erasure: what was destroyed, what was looked through, what still ages out, and on which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.intake.erasing.job import Step
from services.intake.erasing.log_scan import STATE_TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from services.intake.erasing.job import Job, Waiting


@dataclass(frozen=True, slots=True)
class Backups:
    """How long copies of databases are kept."""

    intake: timedelta
    keys: timedelta


_SENT_AGAIN = timedelta(days=30)
_DONE_STEPS = (Step.DONE, Step.PURGED, Step.ENDED)

_SAYS_DA = {
    False: "Sletningen er i gang. Nøglen er destrueret, når trinnet er forbi `begun`: fra da af kan ingen læse de krypterede felter.",
    True: "Borgerens nøgle er destrueret, rækkerne er slettet, og en fuld læsning af loggen finder intet indhold. Det, der står under "
    "`ages_out`, forsvinder af sig selv senest på de nævnte dage.",
}
_SAYS_EN = {
    False: "The erasure is under way. The key is destroyed once the step is past `begun`: from then on nobody can read the sealed fields.",
    True: "The citizen's key is destroyed, the rows are deleted, and a full read of the log finds nothing that says anything. What stands "
    "under `ages_out` goes by itself, at the latest on the days named.",
}


def proof_of(job: Job, waiting: Waiting, backups: Backups) -> dict[str, Any]:
    """Write the proof as a document; counts, days and digests only."""
    is_done = job.step in _DONE_STEPS
    return {
        "erasure_id": job.erasure_id,
        "about_sha256": job.about.hex(),
        "municipality": job.municipality,
        "why": job.why,
        "step": job.step.value,
        "is_done": is_done,
        "asked_at": job.asked_at.isoformat(),
        "done_at": None if job.done_at is None else job.done_at.isoformat(),
        "ended_at": None if job.ended_at is None else job.ended_at.isoformat(),
        "destroyed": dict(job.destroyed),
        "tombstones": {"times": job.tombstones, "last_at": None if job.tombstoned_at is None else job.tombstoned_at.isoformat()},
        "log": dict(job.found),
        "ages_out": list(_ages_out(job, waiting, backups)),
        "says_da": _SAYS_DA[is_done],
        "says_en": _SAYS_EN[is_done],
    }


def _ages_out(job: Job, waiting: Waiting, backups: Backups) -> Iterator[dict[str, str]]:
    since = job.tombstoned_at or job.asked_at
    topics: dict[str, Any] = job.found.get("topics", {})
    if job.step not in {Step.PURGED, Step.ENDED} and job.needs:
        goes_by = since + waiting.tombstones_stay + 2 * waiting.lag
        yield _entry("need-profiles, matches", "tombstones: the need's pseudonym and nothing else", goes_by)
        yield _entry("need, erasure", "the need's pseudonym and a version number, until the tombstones are gone", goes_by)
    for name, found in topics.items():
        if name not in STATE_TOPICS and found["goes_by"] is not None and (found["bodies"] or found["tombstones"]):
            yield {"where": name, "what": "records that name the pseudonym", "by": found["goes_by"]}
    yield _entry(
        "backups of intake's database, and its WAL", "sealed fields that no key opens, and the profile", since + backups.intake
    )
    yield _entry("backups of the database of keys, and its WAL", "the wrapped key", since + backups.keys)
    if (tables := job.destroyed.get("tables")) and (large := [name for name, how in tables.items() if how == "vacuumed"]):
        yield {
            "where": ", ".join(large),
            "what": "freed space in the table's file: VACUUM (FULL) in a maintenance window",
            "by": "then",
        }


def _entry(where: str, what: str, by: datetime) -> dict[str, str]:
    return {"where": where, "what": what, "by": by.date().isoformat()}
