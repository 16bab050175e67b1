"""Random needs and vacancies, seeded, with every field that a rule or a part looks at, missing ones and unknown codes too."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import yaml

from shared.contracts import reference
from shared.contracts.common import Point
from shared.contracts.need import HalfDay, NeedProfile, ReferencePoint, RuledOut, WantedSection
from shared.contracts.settings import Policy
from shared.contracts.vacancy import Accessibility, DayCapacity, Exclusion, OpeningHours, PriceLine, Vacancy

_T = TypeVar("_T")

TODAY = date(2026, 11, 24)
POLICIES = Path(__file__).parents[2] / "services/intake/policies"
SECTIONS = ("SEL-103", "SEL-104", "SEL-107", "SEL-108", "SEL-110")
SECTIONS_FOR_AN_AGE = ("SEL-108a", "BL-43")
GROUPS = tuple(sorted(reference.target_groups()))
SERVICES = tuple(sorted(reference.services()))


THEMES = tuple(sorted(reference.themes()))
MUNICIPALITIES = ("0751", "0791", "0101")
ACCESSIBILITY = tuple(sorted(reference.words("accessibility")))
EQUIPMENT = tuple(sorted(reference.words("equipment")))
ACTIVITIES = tuple(sorted(reference.words("activities")))
WORK_TASKS = tuple(sorted(reference.words("work-tasks")))
LANGUAGES = ("da", "en", "ar", "dsl")


def first_policy(**changes: Any) -> Policy:
    return dated_policy("2026-11-01", **changes)


def full_policy(**changes: Any) -> Policy:
    """The policy with every rule and every part."""
    return dated_policy("2026-11-25", **changes)


def dated_policy(name: str, **changes: Any) -> Policy:
    """The policy of one file, with some fields changed."""
    return Policy.model_validate(yaml.safe_load((POLICIES / f"{name}.yaml").read_text(encoding="utf-8")) | changes)


def vacancy(vacancy_id: str = "vacancy-1", **changes: Any) -> Vacancy:
    """A place that fits `need()` in everything."""
    fields: dict[str, Any] = {
        "vacancy_id": vacancy_id,
        "offer_id": "offer-1",
        "offer_name": "Værkstedet",
        "title_da": "Plads på værkstedet",
        "version": 1,
        "status": "open",
        "opening": 1,
        "municipality": "0751",
        "landsdel": "Østjylland",
        "sections": ("SEL-104",),
        "target_groups": (GROUPS[0],),
        "services": SERVICES[:3],
        "age_from": 18,
        "age_to": 85,
        "gender_rule": "everyone",
        "places_free": 1,
        "location": Point(easting_m=575_000, northing_m=6_223_000),
        "confirmed_at": datetime(2026, 11, 24, 8, tzinfo=UTC),
        "expires_at": datetime(2026, 12, 24, 8, tzinfo=UTC),
        "came_in_by": "http",
    }
    return Vacancy.model_validate(fields | changes)


def need(need_id: str = "need-1", **changes: Any) -> NeedProfile:
    """A need that `vacancy()` fits in everything: 100 points."""
    fields: dict[str, Any] = {
        "need_id": need_id,
        "version": 1,
        "status": "open",
        "handlekommune": "0751",
        "caseworker": "worker-1",
        "sections": (WantedSection(section="SEL-104"),),
        "primary_target_group": GROUPS[0],
        "birth_year": 1990,
        "services": SERVICES[:3],
        "points_of_reference": (ReferencePoint(easting_m=575_000, northing_m=6_223_000),),
        "max_distance_km": 30,
    }
    return NeedProfile.model_validate(fields | changes)


class Chance:
    """Draws needs and vacancies that meet often enough for every rule to decide something."""

    def __init__(self, seed: int, *, few_codes: bool = True) -> None:
        self._random = random.Random(seed)
        self._groups = GROUPS[:4] if few_codes else GROUPS
        self._services = SERVICES[:6] if few_codes else SERVICES

    def _some(self, of: Sequence[_T], most: int, least: int = 0) -> tuple[_T, ...]:
        return tuple(self._random.sample(of, self._random.randint(least, min(most, len(of)))))

    def _maybe(self, probability: float, value: _T) -> _T | None:
        return value if self._random.random() < probability else None

    def _day(self, spread: int) -> date:
        return TODAY + timedelta(days=self._random.randint(-spread, spread))

    def _point(self) -> dict[str, int]:
        return {"easting_m": self._random.randint(480_000, 640_000), "northing_m": self._random.randint(6_100_000, 6_260_000)}

    def _codes(self, codes: Sequence[str], most: int, least: int = 0) -> tuple[str, ...]:
        odd = tuple(f"unknown-{self._random.randint(1, 40)}" for _ in range(2)) if self._random.random() < 0.1 else ()
        return (*self._some(codes, most, least), *odd)

    def need(self, need_id: str, version: int = 1, vacancy_ids: Sequence[str] = ()) -> NeedProfile:
        draw = self._random
        born = draw.choice(
            (draw.randint(1930, 2015), draw.randint(2006, 2010), draw.randint(1956, 1961), draw.randint(1988, 1992))
        )
        return need(
            need_id,
            version=version,
            sections=tuple(WantedSection(section=code) for code in (*self._some(SECTIONS, 2, 1), *self._section_for_an_age())),
            primary_target_group=draw.choice(self._groups),
            further_target_groups=self._codes(self._groups, 2),
            birth_year=born,
            services=self._codes(self._services, 3),
            gender=draw.choice((None, "woman", "man")),
            points_of_reference=tuple(ReferencePoint(**self._point()) for _ in range(draw.randint(0, 3))),
            max_distance_km=self._maybe(0.5, draw.randint(10, 150)),
            start_from=self._maybe(0.4, self._day(60)),
            start_by=self._maybe(0.4, self._day(60)),
            price_ceiling_dkk_per_month=self._maybe(0.5, draw.randint(20_000, 90_000)),
            turns_18=f"{born + 18}-{draw.randint(1, 12):02}" if born in (2008, 2009) and draw.random() < 0.7 else None,
            reaches_pension_age=self._maybe(0.2, f"{draw.randint(2025, 2027)}-{draw.randint(1, 12):02}"),
            ruled_out=tuple(self._ruled_out(vacancy_ids) for _ in range(draw.randint(1, 3) if draw.random() < 0.2 else 0)),
            **self._more_of_a_need(born),
        )

    def _more_of_a_need(self, born: int) -> dict[str, Any]:
        draw = self._random
        return {
            "handlekommune": draw.choice(MUNICIPALITIES),
            "betalingskommune": self._maybe(0.3, draw.choice((*MUNICIPALITIES, "9999"))),
            "turns_36": f"{born + 36}-{draw.randint(1, 12):02}" if 1989 <= born <= 1992 and draw.random() < 0.7 else None,
            "levels": self._levels(),
            "activities": self._some(ACTIVITIES, 2) if draw.random() < 0.5 else (),
            "work_tasks": self._some(WORK_TASKS, 2) if draw.random() < 0.5 else (),
            "half_days": tuple(HalfDay(**one) for one in self._half_days(5)) if draw.random() < 0.4 else (),
            "half_days_a_week": self._maybe(0.4, draw.randint(1, 10)),
            "partner_comes_along": draw.choice((None, None, None, False, True)),
            "children_come_along": draw.choice((None, None, None, 0, 2)),
            "pets_come_along": draw.choice((None, None, None, False, True)),
            "access_needs": self._codes(ACCESSIBILITY, 2) if draw.random() < 0.2 else (),
            "equipment_needs": self._codes(EQUIPMENT, 1) if draw.random() < 0.2 else (),
            "languages": self._some(LANGUAGES, 2) if draw.random() < 0.5 else (),
        }

    def _section_for_an_age(self) -> tuple[str, ...]:
        return (self._random.choice(SECTIONS_FOR_AN_AGE),) if self._random.random() < 0.15 else ()

    def _levels(self) -> dict[str, int]:
        themes = self._some(THEMES[:6], 5) if self._random.random() < 0.7 else ()
        if self._random.random() < 0.05:
            themes = (*themes, "unknown-theme")
        return {theme: self._random.randint(0, 4) for theme in themes}

    def _half_days(self, most: int) -> list[dict[str, Any]]:
        all_ = [{"weekday": weekday, "half": half} for weekday in range(1, 8) for half in ("morning", "afternoon")]
        return self._random.sample(all_, self._random.randint(1, most))

    def _ruled_out(self, vacancy_ids: Sequence[str]) -> RuledOut:
        return RuledOut(
            vacancy_id=self._random.choice(vacancy_ids) if vacancy_ids else "vacancy-0",
            reason="declined_by_citizen",
            opening=self._maybe(0.5, self._random.randint(1, 2)),
            until=self._maybe(0.5, self._day(20)),
        )

    def vacancy(self, vacancy_id: str, version: int = 1) -> Vacancy:
        draw = self._random
        ages = sorted((draw.choice((0, 18, 18, 25)), draw.choice((30, 64, 67, 85, 120))))
        return vacancy(
            vacancy_id,
            version=version,
            opening=draw.randint(1, 2),
            sections=(
                *self._some((*SECTIONS, *((("SEL-109",)) if draw.random() < 0.05 else ())), 2),
                *self._section_for_an_age(),
            ),
            target_groups=self._codes(self._groups, 3),
            services=self._codes(self._services, 4),
            age_from=self._maybe(0.8, ages[0]),
            age_to=self._maybe(0.7, ages[1]),
            gender_rule=draw.choice((None, "everyone", "everyone", "women", "men", "newer-code")),
            places_free=draw.choice((None, 0, 1, 2, 5)),
            location=Point(**self._point()) if draw.random() < 0.9 else None,
            available_from=self._maybe(0.4, self._day(90)),
            available_until=self._maybe(0.3, self._day(120)),
            address_protected=draw.random() < 0.03,
            open_door=draw.random() < 0.03,
            price_lines=tuple(self._price_line() for _ in range(draw.randint(0, 3))),
            **self._more_of_a_place(),
        )

    def _more_of_a_place(self) -> dict[str, Any]:
        draw = self._random
        excluded = self._codes(self._groups, 2) if draw.random() < 0.3 else ()
        return {
            "reserved_for_municipalities": self._some((*MUNICIPALITIES, "9999"), 2, 1) if draw.random() < 0.15 else (),
            "reserved_for_residents": draw.random() < 0.03,
            "staffed_levels": self._levels(),
            "cannot_take": tuple(Exclusion(code=code, strength=draw.choice(("absolute", "ask_first"))) for code in excluded),
            "room_for_two": draw.choice((None, False, True, True)),
            "room_for_children": draw.choice((None, False, True, True)),
            "pets": draw.choice((None, False, True, True)),
            "accessibility": Accessibility(**{name: draw.choice((None, True, True, True, False)) for name in ACCESSIBILITY}),
            "equipment": self._codes(EQUIPMENT, 4) if draw.random() < 0.6 else (),
            "languages": self._some(LANGUAGES[1:], 2) if draw.random() < 0.5 else (),
            "activities": self._some(ACTIVITIES, 4) if draw.random() < 0.6 else (),
            "work_tasks": self._some(WORK_TASKS, 4) if draw.random() < 0.6 else (),
            "day_capacity": self._day_capacity() if draw.random() < 0.7 else (),
            "opening_hours": self._opening_hours() if draw.random() < 0.7 else (),
            "registered": draw.choice((None, True, True, True, True, False)),
            "approved": draw.choice((None, True, True, True, True, False)),
        }

    def _day_capacity(self) -> tuple[DayCapacity, ...]:
        free = (None, 0, 1, 1, 3)
        half_days = self._half_days(14) + self._half_days(14)
        return tuple(DayCapacity(**one, places_free=self._random.choice(free)) for one in half_days)

    def _opening_hours(self) -> tuple[OpeningHours, ...]:
        draw, lines = self._random, []
        for _ in range(draw.randint(1, 7)):
            opens = draw.randint(7, 15)
            closes = f"{draw.randint(opens + 1, 20):02}:{draw.choice(('00', '30', '45'))}"
            lines.append(OpeningHours(weekday=draw.randint(1, 7), opens=f"{opens:02}:{draw.choice(('00', '15'))}", closes=closes))
        return tuple(lines)

    def _price_line(self) -> PriceLine:
        draw = self._random
        unit = draw.choice(("calendar_day", "month", "calendar_day", "month", "opening_day", "hour"))
        amount = draw.randint(20_000, 90_000) if unit == "month" else draw.randint(600, 5_000)
        return PriceLine(
            kind="supplement" if draw.random() < 0.2 else "base",
            level=self._maybe(0.3, draw.randint(0, 4)),
            days_a_week=self._maybe(0.3, draw.randint(1, 5)),
            amount_dkk=amount,
            unit=unit,
            vat_included=draw.random() < 0.3,
            valid_to=self._maybe(0.3, self._day(30)),
        )
