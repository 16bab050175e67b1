"""Folders of compiled kernels, one for each build that has run here: those that no build has begun with for long are forgotten."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger(__name__)

_FOLDERS: Final = "engine-*"
_KEPT_SECONDS: Final = 7 * 24 * 3600.0


def forget_unused(current: Path | None) -> None:
    """Note that this build begins with its folder now, and remove those beside it that none has begun with for a week.

    Several workers may do this at once. One that begins after a week, while another removes its folder, compiles as if it were the first.

    Args:
        current: the folder of this build; None if it keeps nothing.
    """
    if current is None:
        return
    try:
        os.utime(current)
        unused = [folder for folder in current.parent.glob(_FOLDERS) if folder != current and _is_unused(folder)]
    except OSError as error:  # read-only, or somebody else's: then it is not ours to keep in order
        log.info("kernel_folders_left", error_type=type(error).__name__)
        return
    for folder in unused:
        shutil.rmtree(folder, ignore_errors=True)
        log.info("kernel_folder_forgotten", folder=folder.name)


def _is_unused(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _KEPT_SECONDS
    except FileNotFoundError:
        return False  # another worker was faster
