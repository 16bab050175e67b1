"""A service as it was before its contracts knew what a newer writer says; the environment names what it does not know yet.

    python -m tests.support.older_build services.notifications serve

Contracts grow by fields and codes that older readers ignore. A closed list that grows is what an older reader cannot take: this
is the build from before a way in was added to `Vacancy.came_in_by`.
"""

import runpy
import sys
from typing import Literal

from shared.contracts.vacancy import Vacancy


def forget_the_newest_way_in() -> None:
    """Make the contract of a vacancy what it was while places came in by HTTP and Kafka only."""
    Vacancy.__annotations__["came_in_by"] = Literal["http", "kafka"]
    Vacancy.model_fields["came_in_by"].annotation = Literal["http", "kafka"]
    Vacancy.model_rebuild(force=True)


if __name__ == "__main__":
    forget_the_newest_way_in()
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
