"""How many points a result has: whole numbers out of one dated file, so that anybody can add them up again."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

_FILE: Final = Path(__file__).with_name("ranking.yaml")
_METRES: Final = 1000

Steps = tuple[tuple[int, int], ...]
"""(up to and with, points), the limits rising; beyond the last there are none."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quarters(_Frozen):
    """How many quarters of a word's share each place of finding gives."""

    title: int = Field(ge=0, le=4)
    kind: int = Field(ge=0, le=4)
    text: int = Field(ge=0, le=4)
    meaning: int = Field(ge=0, le=4)


class WordPoints(_Frozen):
    """The points for words."""

    points: int = Field(ge=0)
    quarters: Quarters


class Ranking(_Frozen):
    """What `ranking.yaml` says."""

    valid_from: date
    text_da: str
    text_en: str
    words: WordPoints
    freshness: Steps
    distance_km: Steps
    same_landsdel: int = Field(ge=0)
    free_now: int = Field(ge=0)
    free_within_days: Steps

    @model_validator(mode="after")
    def _rising(self) -> Ranking:
        for name in ("freshness", "distance_km", "free_within_days"):
            limits = [limit for limit, _ in getattr(self, name)]
            if limits != sorted(set(limits)):
                raise ValueError(f"The limits of {name} must rise.")
        return self

    @property
    def at_most(self) -> dict[str, int]:
        """The most points of each part."""
        return {
            "words": self.words.points,
            "freshness": max(points for _, points in self.freshness),
            "distance": max(self.same_landsdel, *(points for _, points in self.distance_km)),
            "free": max(self.free_now, *(points for _, points in self.free_within_days)),
        }

    def word_points(self, quarters: list[int]) -> int:
        """Give the points of the words, each found at so many quarters of its share."""
        return self.words.points * sum(quarters) // (4 * len(quarters)) if quarters else 0

    @property
    def squared_metres(self) -> list[int]:
        """The limits of distance as PostgreSQL compares them: squares of metres, so that nothing is rounded."""
        return [(limit * _METRES) ** 2 for limit, _ in self.distance_km]


@cache
def ranking() -> Ranking:
    """Read the file, once."""
    return Ranking.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def buckets(steps: Steps) -> tuple[list[int], list[int]]:
    """Write steps as `width_bucket` takes them: the first value beyond each limit, and the points per bucket, the last for what is beyond."""
    return [limit + 1 for limit, _ in steps], [*(points for _, points in steps), 0]
