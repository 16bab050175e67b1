"""Compiled kernels of builds that are no more do not pile up."""

import os
import time
from pathlib import Path

import pytest

from services.matching.kernel_cache import forget_unused

_DAY = 24 * 3600.0


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """The current build's, one of two days ago, one of eight days ago, and something else as old."""
    made = {name: tmp_path / name for name in ("engine-current", "engine-recent", "engine-old", "other-old")}
    for folder in made.values():
        folder.mkdir()
        (folder / "kernel.nbc").write_bytes(b"compiled")
    for name, days in (("engine-current", 30), ("engine-recent", 2), ("engine-old", 8), ("other-old", 8)):
        os.utime(made[name], times=(time.time() - days * _DAY,) * 2)
    return made


def test_folders_of_other_builds_go_after_a_week_without_use(folders: dict[str, Path]) -> None:
    forget_unused(folders["engine-current"])
    assert {name for name, folder in folders.items() if folder.exists()} == {"engine-current", "engine-recent", "other-old"}


def test_a_build_that_runs_is_in_use_however_old_it_is(folders: dict[str, Path]) -> None:
    forget_unused(folders["engine-current"])
    forget_unused(folders["engine-recent"])
    assert (folders["engine-current"] / "kernel.nbc").exists()


def test_workers_may_do_it_at_once(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(folders["engine-current"].parent.glob("engine-*"))
    monkeypatch.setattr(Path, "glob", lambda *_: iter(found))
    forget_unused(folders["engine-current"])
    forget_unused(folders["engine-current"])
    assert not folders["engine-old"].exists()


def test_where_nothing_is_kept_nothing_is_forgotten() -> None:
    forget_unused(None)
