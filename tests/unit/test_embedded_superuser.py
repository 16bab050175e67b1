"""The password of the embedded Kafka's superuser."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.embedded.superuser import Superuser


def test_nodes_that_are_prepared_side_by_side_are_told_the_same_password(tmp_path: Path) -> None:
    for attempt in range(20):
        superuser = Superuser(tmp_path / str(attempt))
        with ThreadPoolExecutor(8) as pool:
            told = set(pool.map(lambda _: superuser.password, range(8)))  # noqa: B023 - all are done before the next attempt
        assert told == {Superuser(tmp_path / str(attempt)).password}
