"""The picture of cost: measured on a small market, drawn and written; the same figures give the same file."""

from pathlib import Path
from typing import Any

from tests.benchmarks.scoring import cost
from tests.benchmarks.scoring.picture import Curve, write_picture, write_table

CURVES = [
    Curve("En plads", "one place", "needs", {1_000: 0.05, 1_000_000: 1.5}),
    Curve("Et behov", "one need", "places", {100: 0.02, 10_000: 0.2}),
]


async def test_a_small_market_is_measured_drawn_and_written(tmp_path: Path) -> None:
    options = cost.Options(needs=3_000, places=100, vacancies=60, events=6, rounds=1, folder=str(tmp_path))
    nothing_is_up: Any = None
    figures = [figure async for figure in cost.run(nothing_is_up, options)]
    assert len(figures) == 2 + 2 + 1
    assert all(figure.figure > 0 for figure in figures)
    assert (tmp_path / "cost.svg").read_text(encoding="utf-8").count("</svg>") == 1
    table = (tmp_path / "cost.md").read_text(encoding="utf-8")
    assert "(cost.svg)" in table
    assert table.count("| 3,000 |") == 2


def test_the_same_figures_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_picture(tmp_path / f"{name}.svg", CURVES)
        write_table(tmp_path / f"{name}.md", CURVES, vacancies=100)
    for kind in ("svg", "md"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
