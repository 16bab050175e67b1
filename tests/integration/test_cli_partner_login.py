"""`ledigplads partner` gives a partner's system a login, shows its password once, and takes it away again."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from aiokafka.errors import KafkaConnectionError

from deploy.cli import partner_login
from deploy.cli.stack_state import StackState
from deploy.embedded.home import Home
from deploy.principals.administration import brokers_as
from shared.messaging.log import read_to_end
from shared.messaging.security import security_of
from shared.messaging.topics import create_partner_topics, list_topics

if TYPE_CHECKING:
    from pathlib import Path

    from shared.messaging.security import Brokers
    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka


@pytest.fixture
def home(tmp_path: Path, topics_file: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LEDIGPLADS_TOPICS_FILE", str(topics_file))
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
async def stack(kafka: Kafka, names: TopicNames, topics: Topics, home: Home) -> StackState:
    if not security_of(kafka.bootstrap_servers).logs_in:
        pytest.fail("This Kafka asks for no login: run with TEST_BACKEND=embedded", pytrace=False)
    await create_partner_topics(kafka.bootstrap_servers, names, "skov", topics=topics)
    return StackState("http://all", kafka.bootstrap_servers, names, {}, None, home)


async def gets_in(brokers: Brokers) -> bool:
    try:
        await list_topics(brokers)
    except KafkaConnectionError:
        return False
    return True


async def test_the_password_is_shown_once_and_opens_the_partners_own_topics_only(stack: StackState, names: TopicNames) -> None:
    login = await partner_login.admit(stack, "skov")
    assert login is not None
    assert login.brokers is not None
    public = {names.topic(name) for name in ("offers", "vacancies", "market-signals")}
    own = {names.topic(f"{kind}-skov") for kind in ("submissions", "receipts", "deliveries")}
    assert {topic for topic in await list_topics(login.brokers) if topic.startswith(names.prefix)} == public | own
    assert [record async for records in read_to_end(login.brokers, names.topic("receipts-skov")) for record in records] == []

    again = await partner_login.admit(stack, "skov")
    assert again is not None
    assert again.brokers is None
    assert await gets_in(login.brokers)


async def test_a_new_password_closes_the_old_one_and_this_machine_speaks_with_the_new(stack: StackState) -> None:
    first = await partner_login.admit(stack, "skov")
    second = await partner_login.admit(stack, "skov", renew=True)
    assert first is not None
    assert second is not None
    assert second.brokers is not None
    assert first.brokers is not None
    assert await gets_in(second.brokers)
    assert not await gets_in(first.brokers)
    assert security_of(stack.as_partner("skov")) == security_of(second.brokers)


async def test_a_dismissed_partner_gets_in_no_more(stack: StackState) -> None:
    login = await partner_login.admit(stack, "skov")
    await partner_login.dismiss(stack, "skov")
    assert login is not None
    assert login.brokers is not None
    assert not await gets_in(login.brokers)
    assert not stack.knows_password_of("skov")


async def test_the_file_with_the_login_is_for_nobody_else_to_read(stack: StackState, tmp_path: Path) -> None:
    brokers = brokers_as(stack.bootstrap_servers, "u", "hemmelig")
    file = tmp_path / "skov.env"
    file.write_text("before", encoding="utf-8")
    file.chmod(0o644)
    partner_login.Login("u", brokers).write(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "LEDIGPLADS_KAFKA_PASSWORD=hemmelig\n" in file.read_text(encoding="utf-8")
