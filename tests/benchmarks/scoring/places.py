"""Places to be had, seeded and with all their fields; some so wide that many needs are eligible, for the figures at a given share."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.contracts import reference
from shared.contracts.common import Point
from shared.contracts.vacancy import Accessibility, DayCapacity, Exclusion, OpeningHours, PriceLine, Vacancy
from tests.benchmarks.scoring.citizens import DAY_SECTIONS, SECTIONS, municipality_weights, zipf
from tests.support.matching import TODAY, vacancy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_GROUPS: Final = sorted(reference.target_groups())
_SERVICES: Final = sorted(reference.services())
_THEMES: Final = sorted(reference.themes())
_ACTIVITIES: Final = sorted(reference.words("activities"))
_TASKS: Final = sorted(reference.words("work-tasks"))
_EQUIPMENT: Final = sorted(reference.words("equipment"))
_BUILDING: Final = tuple(Accessibility.model_fields)
_HALVES: Final = ("morning", "afternoon")


class Places:
    """Draws vacancies; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        codes, weights = municipality_weights()
        self._municipalities, self._weights = codes, weights.tolist()
        self._group_weights = zipf(len(_GROUPS)).tolist()
        self._service_weights = zipf(len(_SERVICES)).tolist()

    def ordinary(self, ids: Sequence[str]) -> Iterator[Vacancy]:
        """Give places as offers post them: one or two sections, a few target groups."""
        for vacancy_id in ids:
            _, sections = self._random.choices(SECTIONS, [weight for weight, _ in SECTIONS])[0]
            yield self._vacancy(vacancy_id, sections, self._some_groups(self._random.randint(2, 6)))

    def changed(self, former: Vacancy) -> Vacancy:
        """Give a place as it is after a change that matters: fewer or more free, another price, another first day."""
        is_day = DAY_SECTIONS.issuperset(former.sections)
        changes = {
            "version": former.version + 1,
            "opening": former.opening + 1,
            "places_free": self._random.choice((1, 2, 3)),
            "available_from": TODAY + timedelta(days=self._random.randint(1, 90)),
            "price_lines": tuple(self._price_lines(is_day=is_day)),
        }
        return former.model_copy(update=changes)

    def wide(self, vacancy_id: str, sections: int, groups: int) -> Vacancy:
        """Give a place for as many sections and target groups as asked, which shuts nobody out by age, gender or price."""
        most = [codes[0] for _, codes in SECTIONS[:5]][:sections]
        return self._vacancy(
            vacancy_id,
            tuple(most),
            self._some_groups(groups),
            age_from=18,
            age_to=None,
            gender_rule="everyone",
            reserved_for_municipalities=(),
            cannot_take=(),
            price_lines=(),
            available_from=None,
            available_until=None,
        )

    def _some_groups(self, count: int) -> tuple[str, ...]:
        return self._weighted(_GROUPS, self._group_weights, count)

    def _weighted(self, codes: Sequence[str], weights: Sequence[float], count: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._random.choices(codes, weights, k=count)))

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def _vacancy(self, vacancy_id: str, sections: tuple[str, ...], groups: tuple[str, ...], **changes: Any) -> Vacancy:
        draw = self._random
        municipality = draw.choices(self._municipalities, self._weights)[0]
        seat = reference.municipalities()[municipality]
        is_day = DAY_SECTIONS.issuperset(sections)
        starts = draw.randint(-30, 60)
        fields = {
            "municipality": municipality,
            "landsdel": seat.landsdel,
            "sections": sections,
            "target_groups": () if self._happens(0.03) else groups,
            "services": self._weighted(_SERVICES, self._service_weights, draw.randint(4, 12)),
            "age_from": 18 if self._happens(0.85) else None,
            "age_to": draw.choice((None, 35, 64, 67, 85)),
            "gender_rule": draw.choices(("everyone", None, "women", "men"), (85, 8, 4, 3))[0],
            "places_free": draw.choice((None, 1, 1, 1, 2, 3)),
            "location": Point(
                easting_m=seat.easting_m + draw.randint(-9_000, 9_000), northing_m=seat.northing_m + draw.randint(-9_000, 9_000)
            ),
            "available_from": TODAY + timedelta(days=starts) if self._happens(0.3) else None,
            "available_until": TODAY + timedelta(days=starts + 180) if self._happens(0.1) else None,
            "price_lines": tuple(self._price_lines(is_day=is_day)),
            "staffed_levels": {theme: draw.randint(1, 4) for theme in _THEMES if self._happens(0.8)},
            **self._more(is_day=is_day),
        }
        return vacancy(vacancy_id, **(fields | changes))

    def _more(self, *, is_day: bool) -> dict[str, Any]:
        draw = self._random
        absolute = self._some_groups(draw.randint(1, 2)) if self._happens(0.2) else ()
        return {
            "reserved_for_municipalities": (draw.choice(self._municipalities),) if self._happens(0.04) else (),
            "cannot_take": tuple(Exclusion(code=code, strength=draw.choice(("absolute", "ask_first"))) for code in absolute),
            "room_for_two": draw.choice((None, True, False)),
            "room_for_children": draw.choice((None, True, False)),
            "pets": draw.choice((None, True, False)),
            "accessibility": Accessibility(**{name: draw.choice((None, True, True, False)) for name in _BUILDING}),
            "equipment": tuple(draw.sample(_EQUIPMENT, 3)) if self._happens(0.5) else (),
            "languages": ("en",) if self._happens(0.3) else (),
            "activities": tuple(draw.sample(_ACTIVITIES, 3)),
            "work_tasks": tuple(draw.sample(_TASKS, 3)) if is_day else (),
            "day_capacity": tuple(self._day_capacity()) if is_day and self._happens(0.6) else (),
            "opening_hours": tuple(self._opening_hours()) if is_day and self._happens(0.8) else (),
            "registered": True if self._happens(0.97) else None,
            "approved": True if self._happens(0.97) else None,
        }

    def _price_lines(self, *, is_day: bool) -> Iterator[PriceLine]:
        draw = self._random
        if self._happens(0.1):
            return
        low = draw.randint(25, 60) if is_day else draw.randint(40, 90)
        if self._happens(0.3):
            for level in range(5):
                yield PriceLine(kind="base", level=level, amount_dkk=(low + 8 * level) * 1_000, unit="month")
        elif is_day and self._happens(0.3):
            yield PriceLine(kind="base", amount_dkk=low * 30, unit="opening_day")
        else:
            yield PriceLine(kind="base", amount_dkk=low * 1_000, unit="month", vat_included=self._happens(0.2))

    def _day_capacity(self) -> Iterator[DayCapacity]:
        for weekday in range(1, 6):
            for half in _HALVES:
                if self._happens(0.85):
                    yield DayCapacity(weekday=weekday, half=half, places_free=self._random.choice((None, 0, 1, 1, 2, 3)))

    def _opening_hours(self) -> Iterator[OpeningHours]:
        closes = self._random.choice(("14:00", "15:30", "16:00"))
        for weekday in range(1, 6):
            yield OpeningHours(weekday=weekday, opens="08:30", closes=closes)
