"""What a place may cost a citizen in a month, as far as its price list and the need can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import PriceLine, Vacancy

# Prices are compared in three-hundredths of a krone a month, where 365/12 days a month, N/12 opening days, a fifth of a week
# and 25 % VAT are whole numbers. With VAT: four fifths of it.
PRICE_UNIT: Final = 300
_MONTH: Final = (300, 240)
_CALENDAR_DAY: Final = (9125, 7300)  # 365 / 12 * 300
_OPENING_DAY_OF_A_YEAR: Final = (5, 4)  # times opening days a year, times days a week: 300 / 12 / 5
_FULL_WEEK: Final = 5
_LONGEST_WEEK: Final = 7
_MOST_HALF_DAYS: Final = 14
CLASSES: Final = 6 * (_MOST_HALF_DAYS + 1)
"""Of needs, as far as price lines tell them apart."""


@dataclass(frozen=True, slots=True)
class Payer:
    """What of a need decides which lines may be its own: its highest level assessed, and its half-days a week."""

    level: int | None
    half_days: int | None

    @property
    def number(self) -> int:
        """Number the kinds of payers; 0 is one of whom nothing is known."""
        return (0 if self.level is None else self.level + 1) * (_MOST_HALF_DAYS + 1) + (self.half_days or 0)

    @classmethod
    def of_number(cls, number: int) -> Payer:
        level, half_days = divmod(number, _MOST_HALF_DAYS + 1)
        return cls(level - 1 if level else None, half_days or None)

    def days(self) -> tuple[int, int]:
        """Give the fewest and the most days a week that the half-days can fall on."""
        if self.half_days is None:
            return 1, _LONGEST_WEEK
        return -(-self.half_days // 2), min(self.half_days, _LONGEST_WEEK)


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The monthly prices net of VAT that a place may have, in PRICE_UNITs of a krone; None where no line can be compared.

    Attributes:
        lowest: of the lines that may be the citizen's.
        highest: of these, with every supplement.
        open_below: some line that may be the citizen's does not tell what a month costs (by the hour, or there is none).
        open_above: that, or a supplement does not tell.
    """

    lowest: int | None
    highest: int | None
    open_below: bool
    open_above: bool


def payer_of(need: NeedProfile) -> Payer:
    return Payer(max(need.levels.values(), default=None), need.half_days_a_week)


def depends_on_payer(vacancy: Vacancy) -> bool:
    """Say whether different citizens may pay different prices here."""
    return any(
        line.unit == "opening_day" or (line.kind == "base" and (line.level is not None or line.days_a_week is not None))
        for line in vacancy.price_lines
    )


def runs_out(vacancy: Vacancy) -> bool:
    return any(line.valid_to is not None for line in vacancy.price_lines)


def price_range(vacancy: Vacancy, payer: Payer, terms: Terms) -> PriceRange:
    """Give the range over the lines that have not run out on the day and that may be this payer's, supplements on top."""
    lines = [line for line in vacancy.price_lines if line.valid_to is None or line.valid_to >= terms.today]
    base = [_monthly(line, payer, terms) for line in _lines_of(payer, [line for line in lines if line.kind == "base"])]
    extra = [_monthly(line, payer, terms) for line in lines if line.kind == "supplement"]
    known, supplements = [cost for cost in base if cost], sum(cost[1] for cost in extra if cost)
    open_below = not base or None in base
    return PriceRange(
        lowest=min((least for least, _ in known), default=None),
        highest=max(most for _, most in known) + supplements if known else None,
        open_below=open_below,
        open_above=open_below or None in extra,
    )


def _lines_of(payer: Payer, lines: Sequence[PriceLine]) -> Sequence[PriceLine]:
    """Keep the lines of the payer's level, then those of the payer's days; where none is, which one it would be is not known."""
    if payer.level is not None:
        lines = _narrowed(lines, lambda line: line.level, lambda level: level == payer.level)
    if payer.half_days is not None:
        fewest, most = payer.days()
        lines = _narrowed(lines, lambda line: line.days_a_week, lambda days: fewest <= days <= most)
    return lines


def _narrowed(
    lines: Sequence[PriceLine], stated: Callable[[PriceLine], int | None], fits: Callable[[int], bool]
) -> Sequence[PriceLine]:
    fitting = [line for line in lines if (value := stated(line)) is None or fits(value)]
    is_met = any((value := stated(line)) is not None and fits(value) for line in lines)
    return fitting if is_met or all(stated(line) is None for line in lines) else lines


def _monthly(line: PriceLine, payer: Payer, terms: Terms) -> tuple[int, int] | None:
    """Give the least and the most that a line costs a month; None where it does not tell."""
    match line.unit:
        case "month":
            factor = _MONTH[line.vat_included]
        case "calendar_day":
            factor = _CALENDAR_DAY[line.vat_included]
        case "opening_day" if terms.policy.opening_days_a_year is not None:
            factor = _OPENING_DAY_OF_A_YEAR[line.vat_included] * terms.policy.opening_days_a_year
            fewest, most = _weekly(line, payer)
            return line.amount_dkk * factor * fewest, line.amount_dkk * factor * most
        case _:
            return None
    return line.amount_dkk * factor, line.amount_dkk * factor


def _weekly(line: PriceLine, payer: Payer) -> tuple[int, int]:
    """Give the days a week that a price per opening day is paid for."""
    if line.days_a_week is not None:
        return line.days_a_week, line.days_a_week
    if payer.half_days is None:
        return _FULL_WEEK, _FULL_WEEK
    fewest, most = payer.days()
    return min(fewest, _FULL_WEEK), min(most, _FULL_WEEK)
