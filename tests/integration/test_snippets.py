"""What integrators copy: each snippet of docs/examples/snippets runs as it stands, and is what the README shows."""

import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.principals.administration import administration, brokers_as
from deploy.principals.applying import admit_partner
from deploy.principals.bindings import Declaration
from deploy.principals.declared import load_access
from shared.messaging.security import Brokers, environment_of
from shared.messaging.topics import TopicNames, Topics, create_partner_topics
from tests.support.backends import Kafka
from tests.support.intake import OFFER, IntakeUnderTest, body_of, records_of, running_intake
from tests.support.kcat import find_kcat
from tests.support.node import NODE, install_packages, run_program

REPOSITORY = Path(__file__).parents[2]
SNIPPETS = REPOSITORY / "docs" / "examples" / "snippets"
VACANCY = json.loads((SNIPPETS / "vacancy.json").read_text(encoding="utf-8"))
LINE = f"{VACANCY['title_da']} {VACANCY['places_free']}"


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    await create_partner_topics(kafka.bootstrap_servers, names, "demo", topics=topics)
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        await running.partner("demo", offers=[VACANCY["offer_id"]], kinds=["vacancy"])
        await running.client.put(f"/offers/{VACANCY['offer_id']}", json=OFFER)
        yield running


@pytest.fixture
async def partner(kafka: Kafka, names: TopicNames, topics: Topics) -> Brokers:
    """The brokers to the partner that the snippets speak as, which may do what a partner may and no more."""
    declared = Declaration(load_access(), topics, names)
    async with administration(kafka.bootstrap_servers) as admin:
        await admit_partner(admin, declared, "demo", "secret")
    return brokers_as(kafka.bootstrap_servers, declared.partner_user("demo"), "secret")


@pytest.fixture
def environment(intake: IntakeUnderTest, partner: Brokers, tmp_path: Path) -> dict[str, str]:
    """Where the log is, as the partner that it is; nothing else of this process."""
    return {
        **environment_of(partner),
        "LEDIGPLADS_TOPIC_PREFIX": intake.names.prefix,
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
    }


async def published(intake: IntakeUnderTest) -> str:
    """Look at what intake has made of the submission: one vacancy, as the snippet stated it; give its id."""
    [record] = await records_of(intake, "vacancies")
    body = body_of(record)
    assert body | {name: value for name, value in VACANCY.items() if name != "reference"} == body
    return record.key or ""


async def test_the_snippet_in_python_announces_a_place_and_reads_the_answer_and_the_places(
    intake: IntakeUnderTest, environment: dict[str, str]
) -> None:
    code, out, err = await run_program(sys.executable, str(SNIPPETS / "announce.py"), **environment)
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"accepted {await published(intake)} []", LINE]


async def test_the_snippet_in_javascript_announces_a_place_and_reads_the_answer_and_the_places(
    intake: IntakeUnderTest, environment: dict[str, str], tmp_path: Path
) -> None:
    # Node looks for packages beside the file that imports them.
    (tmp_path / "node_modules").symlink_to(install_packages())
    for name in ("announce.mjs", "vacancy.json"):
        shutil.copy(SNIPPETS / name, tmp_path)
    code, out, err = await run_program(str(NODE), str(tmp_path / "announce.mjs"), **environment)
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"accepted {await published(intake)} []", LINE]


async def test_the_snippet_for_kcat_announces_a_place_and_reads_the_answer_and_the_places(
    intake: IntakeUnderTest, environment: dict[str, str]
) -> None:
    kcat = find_kcat()
    path = f"{kcat.program.parent}:/usr/local/bin:/usr/bin:/bin"
    code, out, err = await run_program(
        "sh", str(SNIPPETS / "announce.sh"), **environment | {"PATH": path, "LD_LIBRARY_PATH": kcat.libraries}
    )
    assert (code, err) == (0, "")
    receipt, place = out.splitlines()
    assert json.loads(receipt)["outcome"] == "accepted"
    key, _, body = place.partition(" ")
    assert key == await published(intake) == json.loads(receipt)["entity_id"]
    assert json.loads(body)["title_da"] == VACANCY["title_da"]


@pytest.mark.parametrize(("name", "language"), [("announce.py", "python"), ("announce.mjs", "js"), ("announce.sh", "sh")])
def test_the_readme_shows_the_snippet_as_it_is_run(name: str, language: str) -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = re.findall(rf"<!-- {re.escape(name)} -->\n```{language}\n(.*?)```\n", readme, re.DOTALL)
    assert shown == [(SNIPPETS / name).read_text(encoding="utf-8")], "put the file into the README as it is"
