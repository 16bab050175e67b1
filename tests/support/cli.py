"""The command line in the test's own process."""

from pathlib import Path

import pytest

from shared.messaging.security import environment_of
from shared.messaging.topics import TopicNames


def point_at(monkeypatch: pytest.MonkeyPatch, bootstrap_servers: str, names: TopicNames, topics_file: Path) -> None:
    """Say by the environment where the log is; nothing answers over HTTP."""
    for name, value in {
        **environment_of(bootstrap_servers),
        "LEDIGPLADS_INTAKE_URL": "http://127.0.0.1:1",
        "LEDIGPLADS_TOPIC_PREFIX": names.prefix,
        "LEDIGPLADS_TOPICS_FILE": str(topics_file),
    }.items():
        monkeypatch.setenv(name, value)
