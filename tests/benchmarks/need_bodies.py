"""Needs as intake publishes them, drawn by the hundred thousand: bodies of `need-profiles`, with a full FFB profile each.

Shaped as `scoring/citizens.py` shapes its rows: a few sections have most needs, cities most people, most of the 31 levels are assessed.
Through the contract's models a million would take minutes, so the bodies are written straight; a test reads them back.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from shared.contracts import reference
from tests.benchmarks.scoring.citizens import DAY_SECTIONS, SECTIONS, municipality_weights, zipf
from tests.support.matching import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.matching.domain.tables import Array

_A_PIECE: Final = 10_000
_CELL_M: Final = 5_000
_LIMITS_KM: Final = (10, 15, 20, 25, 30, 40, 50, 75, 100)
_CASEWORKERS_A_MUNICIPALITY: Final = 60
_TEAMS_A_MUNICIPALITY: Final = 8


def need_id_of(number: int) -> str:
    """Give an id as intake gives them: a UUID of version 7."""
    return f"{0x0192_0000_0000 + number:012x}"[:8] + f"-{number & 0xFFFF:04x}-7{number % 0xFFF:03x}-8000-{number:012x}"


class NeedBodies:
    """Draws the same bodies for the same seed."""

    def __init__(self, seed: int, vacancy_ids: Sequence[str]) -> None:
        self._random = np.random.default_rng(seed)
        self._vacancy_ids = vacancy_ids
        self._municipalities, self._weights = municipality_weights()
        self._seats = [reference.municipalities()[code] for code in self._municipalities]
        self._groups = sorted(reference.target_groups())
        self._services = sorted(reference.services())
        self._themes = sorted(reference.themes())
        self._activities = sorted(reference.words("activities"))
        self._tasks = sorted(reference.words("work-tasks"))
        self._access = sorted(reference.words("accessibility"))
        self._equipment = sorted(reference.words("equipment"))

    def drawn(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Give (need id, body) of `count` open needs."""
        for first in range(0, count, _A_PIECE):
            size = min(_A_PIECE, count - first)
            yield from self._piece(first, size)

    def _piece(self, first: int, size: int) -> Iterator[tuple[str, bytes]]:
        draw, weights = self._random, np.array([weight for weight, _ in SECTIONS], dtype=np.float64)
        levels, assessed = self._levels(size)
        chance = draw.random((size, 16)).tolist()
        days = draw.integers(0, 90, (size, 4)).tolist()
        rows = zip(
            draw.choice(len(SECTIONS), size, p=weights / weights.sum()).tolist(),
            draw.choice(len(self._municipalities), size, p=self._weights).tolist(),
            draw.choice(len(self._groups), (size, 3), p=zipf(len(self._groups))).tolist(),
            draw.choice(len(self._services), (size, 4), p=zipf(len(self._services))).tolist(),
            np.clip(draw.normal(1984, 17, size), 1935, 2012).astype(int).tolist(),
            draw.normal(0, 6_000, (size, 4)).astype(int).tolist(),
            levels,
            assessed,
            chance,
            days,
            strict=True,
        )
        for position, row in enumerate(rows):
            need_id = need_id_of(first + position)
            yield need_id, orjson.dumps(self._body(need_id, *row))

    def _levels(self, size: int) -> tuple[list[list[int]], list[list[bool]]]:
        draw, shape = self._random, (size, len(self._themes))
        severity: Array = draw.normal(1.8, 0.7, (size, 1))
        levels = np.clip(np.rint(severity + draw.normal(0, 0.9, shape)), 0, 4).astype(int)
        return levels.tolist(), (draw.random(shape) < 0.85).tolist()

    def _body(  # noqa: PLR0917 - one of each column that was drawn
        self,
        need_id: str,
        sections: int,
        home: int,
        groups: list[int],
        services: list[int],
        born: int,
        spread: list[int],
        levels: list[int],
        assessed: list[bool],
        chance: list[float],
        days: list[int],
    ) -> dict[str, Any]:
        codes, is_day = SECTIONS[sections][1], DAY_SECTIONS.issuperset(SECTIONS[sections][1])
        primary = self._groups[groups[0]]
        further = {self._groups[one] for one in groups[1 : 1 + (chance[0] < 0.24) + (chance[0] < 0.02)]} - {primary}
        worker = f"{home:04x}{days[0] % _CASEWORKERS_A_MUNICIPALITY:04x}-1111-7000-8000-{home:012x}"
        wanted_from = TODAY + timedelta(days=days[1] - 30) if chance[1] < 0.4 else None
        a_week = 1 + days[2] % 10 if is_day and chance[2] < 0.6 else None
        return {
            "handlekommune": self._municipalities[home],
            "betalingskommune": self._municipalities[days[3]] if chance[3] < 0.05 else None,
            "team": f"team-{home}-{days[0] % _TEAMS_A_MUNICIPALITY}",
            "caseworker": worker,
            "case": f"{need_id[:-1]}c",
            "sections": [{"section": code, "basis": "decided"} for code in codes],
            "primary_target_group": primary,
            "further_target_groups": sorted(further),
            "birth_year": born,
            "turns_18": None,
            "turns_36": None,
            "reaches_pension_age": None,
            "levels": {theme: level for theme, level, said in zip(self._themes, levels, assessed, strict=True) if said},
            "services": sorted({self._services[one] for one in services[: 1 + int(chance[4] * 4)]}),
            "activities": [self._activities[days[0] % len(self._activities)]] if chance[5] < 0.35 else [],
            "work_tasks": [self._tasks[days[1] % len(self._tasks)]] if is_day and chance[6] < 0.35 else [],
            "half_days": self._half_days(days[2]) if is_day and chance[7] < 0.3 else [],
            "half_days_a_week": a_week,
            "transport": "public" if chance[8] < 0.3 else None,
            "partner_comes_along": True if chance[9] < 0.03 else None,
            "children_come_along": 1 if chance[9] > 0.96 else None,
            "pets_come_along": True if 0.1 < chance[9] < 0.16 else None,
            "access_needs": [self._access[days[3] % len(self._access)]] if chance[10] < 0.14 else [],
            "equipment_needs": [self._equipment[days[3] % len(self._equipment)]] if chance[10] > 0.96 else [],
            "languages": ["da"] if chance[11] < 0.2 else ["da", "en"] if chance[11] < 0.3 else [],
            "gender": "woman" if chance[12] < 0.46 else "man" if chance[12] < 0.95 else None,
            "points_of_reference": self._points(home, spread, chance[13]),
            "max_distance_km": _LIMITS_KM[days[1] % len(_LIMITS_KM)] if chance[14] < 0.7 else None,
            "start_from": _iso(wanted_from),
            "start_by": _iso(TODAY + timedelta(days=days[0])) if chance[1] > 0.7 else None,
            "urgency": "acute" if chance[15] < 0.05 else "soon" if chance[15] < 0.25 else "normal",
            "waiting_since": _iso(TODAY - timedelta(days=days[0] * 7 + days[1])),
            "deadline": {"date": _iso(TODAY + timedelta(days=days[2])), "source": "kommunens frist"}
            if chance[15] > 0.85
            else None,
            "price_ceiling_dkk_per_month": (30 + days[3]) * 1_000 if chance[8] > 0.65 else None,
            "reference_price_dkk_per_month": None,
            "need_id": need_id,
            "version": 1,
            "status": "open",
            "closed_reason": None,
            "ruled_out": self._ruled_out(days) if chance[0] > 0.99 else [],
        }

    def _points(self, home: int, spread: list[int], chance: float) -> list[dict[str, Any]]:
        seat = self._seats[home]
        count = 0 if chance < 0.03 else 1 if chance < 0.7 else 2
        return [
            {
                "easting_m": (seat.easting_m + spread[2 * number]) // _CELL_M * _CELL_M + _CELL_M // 2,
                "northing_m": (seat.northing_m + spread[2 * number + 1]) // _CELL_M * _CELL_M + _CELL_M // 2,
                "kind": ("home", "relatives")[number],
            }
            for number in range(count)
        ]

    @staticmethod
    def _half_days(number: int) -> list[dict[str, Any]]:
        return [{"weekday": 1 + (number + step) % 5, "half": ("morning", "afternoon")[number % 2]} for step in range(3)]

    def _ruled_out(self, days: list[int]) -> list[dict[str, Any]]:
        ruled_out = self._vacancy_ids[(days[0] * 90 + days[1]) % len(self._vacancy_ids)]
        return [{"vacancy_id": ruled_out, "reason": "declined_by_citizen", "opening": None, "until": None}]


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
