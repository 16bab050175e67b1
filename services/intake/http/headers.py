"""Headers of answers."""

from __future__ import annotations

from typing import Final

from services.intake.http.handling import REPLAYED as REPLAYED_NAME
from shared.web import Header

ETAG: Final = Header(
    "ETag",
    "Mærket på den version, der gælder nu; bruges i If-Match og If-None-Match.",
    "The tag of the version that stands now; for If-Match and If-None-Match.",
    {"type": "string", "pattern": r'^"[0-9]+\.[0-9]+"$'},
)
LOCATION: Final = Header("Location", "Hvor det nye findes.", "Where the new one is found.")
REPLAYED: Final = Header(
    REPLAYED_NAME,
    "true: svaret er givet før, til samme Idempotency-Key.",
    "true: the answer was given before, to the same Idempotency-Key.",
    {"type": "string", "enum": ["true"]},
)
