"""`python -m services.matching serve`."""

from __future__ import annotations

import sys

from services.matching.app import build_app
from services.matching.settings import MatchingSettings
from shared.settings import SettingsError
from shared.web import serve


def main(arguments: list[str]) -> None:
    """Serve until asked to stop."""
    if arguments != ["serve"]:
        sys.exit("usage: python -m services.matching serve")
    try:
        serve(build_app, MatchingSettings.from_environment())
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
