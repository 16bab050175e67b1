"""Every principal, on every topic and group, may do what deploy/access.yaml says and nothing else: asked of a broker, one by one.

What is expected is read from the declaration as it is written, not from the ACLs that are made of it.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.admin import CreateTopicsRequest, DeleteTopicsRequest, DescribeAclsRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from deploy.embedded.kafka import EmbeddedKafka
from deploy.principals.administration import AdministrationRefusedError, administration, brokers_as
from deploy.principals.applying import admit_partner, apply, dismiss_partner
from deploy.principals.bindings import Declaration
from deploy.principals.declared import ACCESS_FILE, load_access
from shared.messaging.security import Brokers, Security, client_options, security_of
from shared.messaging.topics import create_partner_topics, create_topics, delete_topics, list_topics, load_topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka

PARTNERS: Final = ("skov", "skovly")
STRANGER: Final = "stranger"
PASSWORD: Final = "nok-saa-hemmeligt"
PARTNER: Final = "{partner}"
PER_PARTNER: Final = ("submissions", "receipts", "deliveries")
NOBODYS: Final = "nobody"
"""A partner that has no topics: what nobody may delete by mistake."""
GROUPS: Final = (
    "intake",
    "matching",
    "notifications",
    "partner-skov",
    "partner-skov.a",
    "partner-skovly",
    "partner-skovly.a",
    "other",
)
DECLARED: Final = yaml.safe_load(ACCESS_FILE.read_text(encoding="utf-8"))
PRINCIPALS: Final = (*DECLARED["principals"], *(f"partner-{name}" for name in PARTNERS), STRANGER)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A broker with the declared rights, under a test's own prefix."""

    superuser: Brokers
    declared: Declaration

    def as_(self, principal: str, password: str = PASSWORD) -> Brokers:
        return brokers_as(self.superuser, self.declared.user(principal), password)

    @property
    def topics(self) -> list[str]:
        """Every topic that there is, by its logical name."""
        topics = [topic.name for topic in self.declared.topics.topics if not topic.is_partner]
        topics += [f"{kind}-{partner}" for kind in PER_PARTNER for partner in PARTNERS]
        return topics + dead_letters(self.declared.topics)


def dead_letters(topics: Topics, group: str | None = None) -> list[str]:
    return [
        f"{topic.name.removesuffix('-' + PARTNER)}-{reader.group}-dlq"
        for topic in topics.topics
        for reader in topic.readers
        if reader.dead_letters and group in (None, reader.group)
    ]


# --- what the declaration says ---------------------------------------------------------------------------------------


def rights_of(principal: str) -> tuple[Mapping[str, Any], str | None]:
    """What is written for a principal, and which partner it is, if it is one."""
    if principal == STRANGER:
        return {}, None
    if principal.startswith("partner-"):
        return DECLARED["partner"], principal.removeprefix("partner-")
    return DECLARED["principals"][principal], None


def is_named(name: str, patterns: list[str], partner: str | None) -> bool:
    """Whether a topic is among those that are written; a service's {partner} is every partner."""
    for pattern in patterns:
        if partner is None and pattern.endswith(PARTNER):
            if name.startswith(pattern.removesuffix(PARTNER)):
                return True
        elif name == pattern.replace(PARTNER, partner or ""):
            return True
    return False


def may(principal: str, operation: str, name: str, topics: Topics) -> bool:
    rights, partner = rights_of(principal)
    own_dead_letters = [one for group in rights.get("groups", []) for one in dead_letters(topics, group)]
    match operation:
        case "write":
            return is_named(name, rights.get("writes", []), partner) or name in own_dead_letters
        case "read":
            of_others = rights.get("reads_dead_letters", False) and name in dead_letters(topics)
            return is_named(name, rights.get("reads", []), partner) or of_others
        case "make":
            return is_named(name, rights.get("makes", []), partner)
        case "look":
            anything = rights.get("describes") == "all"
            return anything or any(may(principal, one, name, topics) for one in ("write", "read", "make"))
        case _:
            raise AssertionError(operation)


def may_with_group(principal: str, operation: str, group: str) -> bool:
    rights, partner = rights_of(principal)
    own = [one.replace(PARTNER, partner or "") for one in rights.get("groups", [])]
    is_own = group in own or (partner is not None and any(group.startswith(f"{one}.") for one in own))
    if operation == "join":
        return is_own
    return is_own or group in rights.get("watches", []) or rights.get("describes") == "all"


# --- what the broker says --------------------------------------------------------------------------------------------


class Asking:
    """One principal's connection, for one request at a time; each says whether the broker lets it."""

    def __init__(self, client: AIOKafkaClient, names: TopicNames) -> None:
        self._client = client
        self._names = names

    async def _send(self, request: object) -> Any:
        return await self._client.send(self._client.get_random_node(), request)

    async def write(self, name: str) -> bool:
        batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1024)
        batch.append(0, timestamp=1, key=b"k", value=b"v", headers=[])
        answer = await self._send(ProduceRequest(None, 1, 5000, [(self._names.topic(name), [(0, bytes(batch.build()))])]))
        return _is_let(answer.topics[0][1][0][1])

    async def read(self, name: str) -> bool:
        answer = await self._send(FetchRequest(0, 0, 1024, 0, [(self._names.topic(name), [(0, 0, 1024)])]))
        return _is_let(answer.topics[0][1][0][1])

    async def look(self, name: str) -> bool:
        answer = await self._send(OffsetRequest(-1, 0, [(self._names.topic(name), [(0, -1)])]))
        return _is_let(answer.topics[0][1][0][1])

    async def make(self, name: str) -> bool:
        request = CreateTopicsRequest([(self._names.topic(name), 1, 1, [], [])], 5000, validate_only=True)
        return _is_let((await self._send(request)).topic_errors[0][1])

    async def delete(self, name: str) -> bool:
        answer = await self._send(DeleteTopicsRequest([self._names.topic(name)], 5000))
        return _is_let(answer.topic_error_codes[0][1])

    async def join(self, group: str) -> bool:
        """A heartbeat of nobody: who may not be in the group is told that before he is told that nobody knows him."""
        return _is_let((await self._send(HeartbeatRequest(self._names.group(group), 0, "nobody"))).error_code)

    async def watch(self, group: str) -> bool:
        return _is_let((await self._send(FindCoordinatorRequest(self._names.group(group), 0))).error_code)

    async def list_acls(self) -> bool:
        return _is_let((await self._send(DescribeAclsRequest(1, None, 1, None, None, 1, 1))).error_code)


def _is_let(code: int) -> bool:
    return for_code(code) not in (
        TopicAuthorizationFailedError,
        GroupAuthorizationFailedError,
        ClusterAuthorizationFailedError,
    )


@asynccontextmanager
async def asking(brokers: Brokers, names: TopicNames) -> AsyncIterator[Asking]:
    client = AIOKafkaClient(**client_options(brokers))
    try:
        await client.bootstrap()
        assert await client.ready(client.get_random_node())
        yield Asking(client, names)
    finally:
        await client.close()


# --- a broker that asks ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def superuser(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """The session's Kafka, or where that asks for no login (a container's) one of our own."""
    if security_of(kafka.bootstrap_servers).logs_in:
        yield kafka.bootstrap_servers
        return
    with EmbeddedKafka(tmp_path_factory.mktemp("guarded-kafka")) as server:
        yield server.bootstrap_servers


@pytest.fixture
async def guarded(superuser: Brokers, names: TopicNames, topics_file: Path) -> AsyncIterator[Guarded]:
    declared = Declaration(load_access(), load_topics(topics_file), names)
    await create_topics(superuser, declared.topics, names)
    for partner in PARTNERS:
        await create_partner_topics(superuser, names, partner, topics=declared.topics)
    async with administration(superuser) as admin:
        await apply(admin, declared, dict.fromkeys((*declared.access.principals, STRANGER), PASSWORD))
        for partner in PARTNERS:
            await admit_partner(admin, declared, partner, PASSWORD)
    yield Guarded(superuser, declared)
    async with administration(superuser) as admin:
        ours = [user for user in await admin.users() if user.startswith(names.prefix)]
        await admin.forbid((user, one) for user, bindings in (await admin.bindings()).items() if user in ours for one in bindings)
        await admin.remove_users(ours)
    await delete_topics(superuser, [topic for topic in await list_topics(superuser) if topic.startswith(names.prefix)])


async def test_every_principal_may_do_what_is_declared_and_nothing_else(guarded: Guarded) -> None:
    topics, names = guarded.declared.topics, guarded.declared.names
    wrong: list[str] = []
    asked = allowed = 0

    def note(principal: str, operation: str, what: str, *, is_let: bool, expected: bool) -> None:
        nonlocal asked, allowed
        asked, allowed = asked + 1, allowed + is_let
        if is_let != expected:
            wrong.append(f"{principal} may {'' if is_let else 'not '}{operation} {what}")

    async with AsyncExitStack() as stack:
        all_of_them = {one: await stack.enter_async_context(asking(guarded.as_(one), names)) for one in PRINCIPALS}
        for principal, client in all_of_them.items():
            for topic in guarded.topics:
                for operation in ("write", "read", "look", "make"):
                    is_let = await getattr(client, operation)(topic)
                    note(principal, operation, topic, is_let=is_let, expected=may(principal, operation, topic, topics))
                # Deleting is asked for in earnest, so whoever may is asked about a topic that is not there.
                victim = f"{topic.partition('-')[0]}-{NOBODYS}" if may(principal, "make", topic, topics) else topic
                is_let = await client.delete(victim)
                note(principal, "delete", victim, is_let=is_let, expected=may(principal, "make", topic, topics))
            for group in GROUPS:
                for operation in ("join", "watch"):
                    is_let = await getattr(client, operation)(group)
                    note(principal, operation, group, is_let=is_let, expected=may_with_group(principal, operation, group))
            note(principal, "list", "the ACLs", is_let=await client.list_acls(), expected=False)
    assert not wrong
    assert asked == len(PRINCIPALS) * (5 * len(guarded.topics) + 2 * len(GROUPS) + 1)
    assert 0 < allowed < asked / 2


@pytest.mark.parametrize("principal", PRINCIPALS)
async def test_nobody_but_the_superuser_makes_users_or_gives_rights(guarded: Guarded, principal: str) -> None:
    async with administration(guarded.as_(principal)) as admin:
        with pytest.raises(AdministrationRefusedError, match="refuses"):
            await admin.put_users({f"{guarded.declared.names.prefix}more": PASSWORD})
        wanted = next(iter(guarded.declared.bindings()[guarded.declared.user("intake")]))
        with pytest.raises(AdministrationRefusedError, match="refuses"):
            await admin.allow([(guarded.declared.user(principal), wanted)])


async def test_without_the_right_password_nobody_gets_in(guarded: Guarded) -> None:
    name = guarded.declared.user("intake")
    addresses = str(guarded.superuser)
    for brokers in (
        Brokers(addresses),
        guarded.as_("intake", "guessed"),
        guarded.as_("nobody"),
        Brokers(addresses, Security("SASL_PLAINTEXT", "PLAIN", name, PASSWORD)),
    ):
        with pytest.raises(KafkaConnectionError):
            async with asking(brokers, guarded.declared.names):
                pass


async def test_a_partner_that_is_dismissed_gets_in_no_more_and_its_rights_are_gone(guarded: Guarded) -> None:
    user = guarded.declared.partner_user("skov")
    async with administration(guarded.superuser) as admin:
        await dismiss_partner(admin, guarded.declared, "skov")
        assert user not in await admin.bindings()
        assert guarded.declared.partner_user("skovly") in await admin.bindings()
    with pytest.raises(KafkaConnectionError):
        async with asking(guarded.as_("partner-skov"), guarded.declared.names):
            pass


async def test_applying_again_changes_nothing_and_what_is_too_much_is_taken_back(guarded: Guarded) -> None:
    async with administration(guarded.superuser) as admin:
        assert await apply(admin, guarded.declared, {}) == (0, 0)
        stranger = guarded.declared.bindings()[guarded.declared.user("intake")]
        too_much = stranger - guarded.declared.bindings()[guarded.declared.user("matching")]
        await admin.allow((guarded.declared.user("matching"), one) for one in too_much)
        assert await apply(admin, guarded.declared, {}) == (0, len(too_much))
        assert await apply(admin, guarded.declared, {}) == (0, 0)
