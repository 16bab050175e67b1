"""Users and ACLs on the brokers, as an administrator sees and changes them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import NoError, for_code
from aiokafka.protocol.admin import DescribeAclsRequest

from deploy.principals.bindings import Binding
from deploy.principals.wire import AlterUserScramCredentials, CreateAcls, DeleteAcls, DescribeUserScramCredentials
from shared.messaging.security import Brokers, Security, client_options, security_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping

    from deploy.principals.bindings import Operation, Pattern, Resource

_SCRAM_SHA_512: Final = 2
_ITERATIONS: Final = 4096
_SALT_BYTES: Final = 24
_REQUEST_TIMEOUT_MS: Final = 20_000
_KNOWN_WITHIN_SECONDS: Final = 10.0
_LOOK_AGAIN_SECONDS: Final = 0.02
_RESOURCE_NOT_FOUND: Final = 91

_ANY: Final = 1
_ALLOW: Final = 3
_EVERY_HOST: Final = "*"
_RESOURCES: Final[dict[Resource, int]] = {"topic": 2, "group": 3}
_PATTERNS: Final[dict[Pattern, int]] = {"literal": 3, "prefixed": 4}
_OPERATIONS: Final[dict[Operation, int]] = {"read": 3, "write": 4, "create": 5, "delete": 6, "describe": 8}
_RESOURCE_OF: Final = {number: name for name, number in _RESOURCES.items()}
_PATTERN_OF: Final = {number: name for name, number in _PATTERNS.items()}
_OPERATION_OF: Final = {number: name for name, number in _OPERATIONS.items()}


class AdministrationRefusedError(Exception):
    """The brokers do not let this client change users or ACLs, or they keep none: the message says which and why."""


class Administration:
    """A connection of an administrator. `administration(bootstrap)` makes one."""

    def __init__(self, client: AIOKafkaClient, bootstrap: str) -> None:
        self._client = client
        self._bootstrap = bootstrap

    async def users(self, node: int | None = None) -> set[str]:
        """List whoever has a password by SCRAM, as one of the brokers knows it."""
        answer = await self._send(DescribeUserScramCredentials(), node)
        _check(answer.error_code, answer.error_message, "list the users")
        return {result[0] for result in answer.results}

    async def put_users(self, passwords: Mapping[str, str]) -> None:
        """Make users, or give them these passwords, and return when every broker lets them in."""
        upserts = [(user, _SCRAM_SHA_512, _ITERATIONS, *_salted(password)) for user, password in passwords.items()]
        answer = await self._send(AlterUserScramCredentials(upserts=upserts))
        for user, code, message, _tags in answer.results:
            _check(code, message, f"make the user {user}")
        await self._until_known(passwords)

    async def remove_users(self, users: Collection[str]) -> None:
        """Delete users; who is gone already is no error. Connections that are open stay so until their broker closes them."""
        answer = await self._send(AlterUserScramCredentials(deletes=[(user, _SCRAM_SHA_512) for user in users]))
        for user, code, message, _tags in answer.results:
            if code != _RESOURCE_NOT_FOUND:
                _check(code, message, f"delete the user {user}")

    async def bindings(self) -> dict[str, set[Binding]]:
        """Give what each user is allowed; rules of a kind that we never make are left out."""
        answer = await self._send(DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY))
        _check(answer.error_code, answer.error_message, "list the ACLs")
        found: dict[str, set[Binding]] = {}
        for resource, name, pattern, acls in answer.resources:
            for principal, host, operation, permission in acls:
                known = resource in _RESOURCE_OF and pattern in _PATTERN_OF and operation in _OPERATION_OF
                if known and host == _EVERY_HOST and permission == _ALLOW:
                    binding = Binding(_RESOURCE_OF[resource], name, _PATTERN_OF[pattern], _OPERATION_OF[operation])
                    found.setdefault(principal.removeprefix("User:"), set()).add(binding)
        return found

    async def allow(self, wanted: Iterable[tuple[str, Binding]]) -> None:
        """Allow users what they are not yet allowed."""
        acls = [_acl(user, binding) for user, binding in wanted]
        if acls:
            answer = await self._send(CreateAcls(acls))
            for code, message in answer.creation_responses:
                _check(code, message, "make the ACLs")

    async def forbid(self, unwanted: Iterable[tuple[str, Binding]]) -> None:
        """Take back what users were allowed."""
        acls = [_acl(user, binding) for user, binding in unwanted]
        if acls:
            answer = await self._send(DeleteAcls(acls))
            for code, message, _matching in answer.filter_responses:
                _check(code, message, "delete the ACLs")

    async def _send(self, request: object, node: int | None = None) -> Any:  # noqa: ANN401 - aiokafka has no types
        chosen = self._client.get_random_node() if node is None else node
        if not await self._client.ready(chosen):
            raise AdministrationRefusedError("Kafka does not answer an administrator: is the user one?")
        return await self._client.send(chosen, request)

    async def _until_known(self, passwords: Mapping[str, str]) -> None:
        """A broker hears a moment later what the controller has decided."""
        deadline = time.monotonic() + _KNOWN_WITHIN_SECONDS
        for node in self._client.cluster.brokers():
            while not (set(passwords) <= await self.users(node.nodeId)):
                if time.monotonic() > deadline:
                    raise AdministrationRefusedError(f"Kafka does not know the new users after {_KNOWN_WITHIN_SECONDS:.0f} s")
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)


@asynccontextmanager
async def administration(bootstrap: str) -> AsyncIterator[Administration]:
    """Connect as an administrator.

    Raises:
        KafkaError: no broker answers, or the login is refused.
    """
    client = AIOKafkaClient(**client_options(bootstrap), request_timeout_ms=_REQUEST_TIMEOUT_MS)
    try:
        await client.bootstrap()
        yield Administration(client, bootstrap)
    finally:
        await client.close()


def brokers_as(bootstrap: str, user: str, password: str) -> Brokers:
    """Give the same brokers to another user, who logs in by SCRAM with what else (TLS) the administrator uses."""
    shown = security_of(bootstrap)
    return Brokers(
        str(bootstrap),
        Security(
            protocol="SASL_SSL" if shown.encrypts else "SASL_PLAINTEXT",
            mechanism="SCRAM-SHA-512",
            username=user,
            password=password,
            ca_file=shown.ca_file,
        ),
    )


def new_password() -> str:
    """Make a password that nobody has to remember."""
    return secrets.token_urlsafe(24)


def _salted(password: str) -> tuple[bytes, bytes]:
    """The password itself stays here."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt, hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)


def _acl(user: str, binding: Binding) -> tuple[int, str, int, str, str, int, int]:
    return (
        _RESOURCES[binding.resource],
        binding.name,
        _PATTERNS[binding.pattern],
        f"User:{user}",
        _EVERY_HOST,
        _OPERATIONS[binding.operation],
        _ALLOW,
    )


def _check(code: int, message: str | None, what: str) -> None:
    error = for_code(code)
    if error is not NoError:
        raise AdministrationRefusedError(f"Kafka refuses to {what}: {message or error.__name__}")
