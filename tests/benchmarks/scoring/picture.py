"""Curves of what an event costs, drawn as a picture and written as a table, Danish first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

Sizes = Literal["needs", "places"]

_AXIS: Final[Mapping[Sizes, str]] = {"needs": "åbne behov · open needs", "places": "åbne pladser · open places"}
_COLUMN: Final[Mapping[Sizes, str]] = {"needs": "Åbne behov (open needs)", "places": "Åbne pladser (open places)"}
_MARKERS: Final = "osD"
# The same figures give the same file: no date, no random ids.
_SAME: Final[dict[Any, Any]] = {"svg.hashsalt": "ledigplads", "svg.fonttype": "none", "font.size": 9.0}


@dataclass(frozen=True)
class Curve:
    """Median milliseconds of one kind of event by the size of the market."""

    text_da: str
    text_en: str
    sizes: Sizes
    milliseconds: Mapping[int, float]


def write_picture(file: Path, curves: Sequence[Curve]) -> None:
    """Draw the curves as SVG, those over needs left and those over places right; both axes logarithmic."""
    kinds: tuple[Sizes, ...] = ("needs", "places")
    with rc_context(_SAME):
        figure = Figure(figsize=(10, 5), layout="constrained")
        figure.suptitle("Hvad en hændelse koster, i median, på én kerne · What an event costs, by median, on one core")
        panels: tuple[Axes, ...] = tuple(figure.subplots(1, len(kinds), sharey=True))
        for panel, kind in zip(panels, kinds, strict=True):
            for marker, curve in zip(_MARKERS, (one for one in curves if one.sizes == kind), strict=False):
                sizes, milliseconds = list(curve.milliseconds), list(curve.milliseconds.values())
                panel.plot(sizes, milliseconds, marker=marker, label=f"{curve.text_da}\n({curve.text_en})")
            panel.set(xscale="log", yscale="log", xlabel=_AXIS[kind])
            panel.grid(visible=True, which="major", alpha=0.4)
            panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            panel.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            # Under the axes: no curve runs behind its own name.
            panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize=8, frameon=False)
        panels[0].set_ylabel("millisekunder · milliseconds")
        figure.savefig(file, format="svg", metadata={"Date": None})


def write_table(file: Path, curves: Sequence[Curve], *, vacancies: int) -> None:
    """Write the same figures as Markdown, under the picture.

    Args:
        file: to be written.
        curves: what was measured.
        vacancies: how many open places the needs' lists were made from.
    """
    lines = [
        "# Hvad en hændelse koster · What an event costs",
        "",
        "Median af processortid på én kerne, tegnet og skrevet af `ledigplads bench scoring.cost -o folder=docs/reference`; tallene gælder den maskine,",
        f"den kørte på. Behovenes lister er lavet af {vacancies} åbne pladser.",
        "*Medians of processor time on one core, drawn and written by that command; the figures are those of the machine that it ran on. The*",
        f"*needs' lists are made from {vacancies} open places.*",
        "",
        "![Hvad en hændelse koster · What an event costs](cost.svg)",
    ]
    for curve in curves:
        lines += ["", f"## {curve.text_da}", f"*{curve.text_en[0].upper()}{curve.text_en[1:]}.*", ""]
        lines += [f"| {_COLUMN[curve.sizes]} | ms |", "|---:|---:|"]
        lines += [f"| {size:,} | {milliseconds:.4f} |" for size, milliseconds in curve.milliseconds.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
