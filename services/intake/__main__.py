"""`python -m services.intake serve|migrate`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from services.intake.app import build_app
from services.intake.settings import IntakeSettings
from shared import messaging
from shared.database import MigrationError, migrate
from shared.settings import SettingsError
from shared.web import serve

_MIGRATIONS = (Path(__file__).with_name("migrations"), Path(messaging.__path__[0]) / "migrations")
_KEY_MIGRATIONS = (Path(__file__).parent / "citizens" / "migrations",)


def main(arguments: list[str]) -> None:
    """Serve until asked to stop, or bring the database up to date."""
    if arguments not in (["serve"], ["migrate"]):
        sys.exit("usage: python -m services.intake serve|migrate")
    try:
        settings = IntakeSettings.from_environment()
        if arguments == ["migrate"]:
            asyncio.run(_migrate(settings))
        else:
            serve(build_app, settings)
    except (SettingsError, MigrationError) as error:
        sys.exit(str(error))


async def _migrate(settings: IntakeSettings) -> None:
    await migrate(settings.intake_postgres_dsn, _MIGRATIONS)
    if settings.intake_keys_postgres_dsn is not None:
        await migrate(settings.intake_keys_postgres_dsn, _KEY_MIGRATIONS)


if __name__ == "__main__":
    main(sys.argv[1:])
