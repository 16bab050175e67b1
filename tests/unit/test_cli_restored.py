"""How a trial of a restore ends: with what the restore itself would do now."""

from typing import Any

import pytest

from deploy.cli.exits import OK, REFUSED
from deploy.cli.restored import verdict

HELD: dict[str, Any] = {
    "held": "the log holds what this database does not know",
    "later": {"vacancies": 3, "offers": 1},
    "new": {"vacancies": 2, "offers": 0},
    "erased": {"vacancies": 1, "offers": 0},
    "unknown_partners": [],
}


@pytest.mark.parametrize(
    ("changes", "how", "code", "said"),
    [
        ({}, {}, OK, "ville tage 4 senere (heraf 1 slettede) og 2 nye tilbage fra loggen"),
        ({}, {"backup_wins": True}, OK, "ville lade 3 ældre gælde"),
        ({"held": None}, {}, REFUSED, "der er intet at gendanne"),
        ({"unknown_partners": ["nord"]}, {}, REFUSED, "backuppen kender ikke partnerne nord"),
        ({"unknown_partners": ["nord"]}, {"without_partners": True}, OK, "og 2 nye tilbage"),
    ],
)
def test_a_trial_ends_as_the_restore_would(changes: dict[str, Any], how: dict[str, bool], code: int, said: str) -> None:
    sentence, ended = verdict(HELD | changes, **{"backup_wins": False, "without_partners": False} | how)

    assert ended == code
    assert said in sentence
    assert "Nothing was changed" in sentence
