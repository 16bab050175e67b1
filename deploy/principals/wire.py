"""The requests about users and ACLs that aiokafka does not have, or has for one ACL at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_TAGS: dict[int, bytes] = {}


class DescribeUserScramCredentialsResponse_v0(Response):  # type: ignore[misc] # noqa: N801 - aiokafka has no types, and names so
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", CompactString("utf-8")),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("credentials", CompactArray(("mechanism", Int8), ("iterations", Int32), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class DescribeUserScramCredentialsRequest_v0(RequestStruct):  # type: ignore[misc] # noqa: N801 - as above
    FLEXIBLE_VERSION = True
    API_KEY = 50
    API_VERSION = 0
    RESPONSE_TYPE = DescribeUserScramCredentialsResponse_v0
    SCHEMA = Schema(
        ("users", CompactArray(("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("tags", TaggedFields),
    )


class DescribeUserScramCredentials(Request[DescribeUserScramCredentialsRequest_v0]):  # type: ignore[misc] # as above
    """Which users have credentials; None asks for all."""

    API_KEY = 50

    def __init__(self, users: Sequence[str] | None = None) -> None:
        self._users = users

    def build(self, request_struct_class: type[DescribeUserScramCredentialsRequest_v0]) -> Any:  # noqa: ANN401 - aiokafka's own
        users = None if self._users is None else [(user, NO_TAGS) for user in self._users]
        return request_struct_class(users, NO_TAGS)


class AlterUserScramCredentialsResponse_v0(Response):  # type: ignore[misc] # noqa: N801 - as above
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUserScramCredentialsRequest_v0(RequestStruct):  # type: ignore[misc] # noqa: N801 - as above
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = AlterUserScramCredentialsResponse_v0
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUserScramCredentials(Request[AlterUserScramCredentialsRequest_v0]):  # type: ignore[misc] # as above
    """Make or change users (name, mechanism, iterations, salt, salted password), and delete others (name, mechanism)."""

    API_KEY = 51

    def __init__(
        self, *, upserts: Sequence[tuple[str, int, int, bytes, bytes]] = (), deletes: Sequence[tuple[str, int]] = ()
    ) -> None:
        self._upserts = upserts
        self._deletes = deletes

    def build(self, request_struct_class: type[AlterUserScramCredentialsRequest_v0]) -> Any:  # noqa: ANN401 - aiokafka's own
        return request_struct_class(
            [(*delete, NO_TAGS) for delete in self._deletes], [(*upsert, NO_TAGS) for upsert in self._upserts], NO_TAGS
        )


class CreateAcls(Request[CreateAclsRequest_v1]):  # type: ignore[misc] # as above
    """Many at once: resource type, name, pattern type, principal, host, operation, permission."""

    API_KEY = 30

    def __init__(self, acls: Sequence[tuple[int, str, int, str, str, int, int]]) -> None:
        self._acls = acls

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> Any:  # noqa: ANN401 - aiokafka's own
        return request_struct_class(list(self._acls))


class DeleteAcls(Request[DeleteAclsRequest_v1]):  # type: ignore[misc] # as above
    """Many filters at once, in the same order; None and the number for any match everything."""

    API_KEY = 31

    def __init__(self, filters: Sequence[tuple[int, str | None, int, str | None, str | None, int, int]]) -> None:
        self._filters = filters

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> Any:  # noqa: ANN401 - aiokafka's own
        return request_struct_class(list(self._filters))
