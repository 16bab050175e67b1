"""What intake needs to keep citizens' data in a test: a database of keys, and master keys in a file."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from deploy.embedded.databases import create_database
from services.intake.citizens.master_keys import MasterKeys, write_master_keys
from shared.database import migrate
from tests.support.processes import REPOSITORY


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the keys of citizens are."""

    dsn: str
    master_keys: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LEDIGPLADS_INTAKE_KEYS_POSTGRES_DSN": self.dsn,
            "LEDIGPLADS_INTAKE_MASTER_KEYS_FILE": str(self.master_keys),
        }


async def make_keys(administrator_dsn: str, folder: Path) -> Keys:
    """Make a database with a role of its own, as the embedded stack does, and new master keys."""
    name = f"keys_{uuid4().hex[:10]}"
    dsn = await create_database(administrator_dsn, name, "secret")
    await migrate(dsn, [REPOSITORY / "services" / "intake" / "citizens" / "migrations"])
    path = folder / f"{name}.json"
    write_master_keys(path, MasterKeys.new(date(2026, 11, 25)))
    return Keys(dsn, path)
