"""The only place that knows Numba: a typed decorator, and where compiled kernels are kept.

Numba keeps what it compiled beside the source and asks only whether that one file changed. Kernels call kernels in other files, and
freeze constants of the policy's codes; so they are kept in a folder named by all that decides what they become.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

import numba
import numpy as np

from services.matching.domain import facts, half_days, lists, need_columns, pair_points, ranks, terms
from shared.contracts import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

Number = Any
"""An integer inside a kernel, where Numba's and Python's are the same."""

_CONFIGURED: Final = "NUMBA_CACHE_DIR"
"""An environment variable of Numba's own; set it where nothing beside the sources or in the home may be written."""


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    with_constants = [
        Path(module.__file__ or "") for module in (facts, half_days, lists, need_columns, pair_points, ranks, terms, settings)
    ]
    for file in (*sorted(Path(__file__).parent.glob("*.py")), *with_constants):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _folders() -> Iterator[Path]:
    if configured := os.environ.get(_CONFIGURED):
        yield Path(configured)
    yield Path(__file__).parent / "__pycache__"
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ledigplads"


def _folder() -> Path | None:
    """Give the first folder that can be written; None where kernels must be compiled at each start."""
    for parent in _folders():
        folder = parent / f"engine-{_fingerprint()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


FOLDER: Final = _folder()


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Compile at the first call, or take what an earlier process compiled; division as NumPy's, so that loops become vectors."""
    if FOLDER is not None:
        numba.config.CACHE_DIR = str(FOLDER)  # type: ignore[attr-defined]  # Numba sets its options by name
    made = numba.njit(cache=FOLDER is not None, error_model="numpy")(function)
    return cast("Callable[_Given, _Result]", made)
