"""What a handler may raise to say how a failure is to be taken."""

from __future__ import annotations

import asyncpg
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordTooLargeError


class PassingError(Exception):
    """It will go by: the same batch is to be tried again, for as long as it takes."""


class PermanentError(Exception):
    """It will fail the same way whenever it is tried: the record belongs among the dead letters."""


_PASSING: tuple[type[BaseException], ...] = (
    PassingError,
    OSError,  # connections refused and reset; TimeoutError is one
    KafkaError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of an answer
    asyncpg.exceptions.OperatorInterventionError,  # shut down by the administrator, cannot connect now
    asyncpg.exceptions.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.exceptions.TransactionRollbackError,  # serialization failure, deadlock
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,  # a standby that is about to be promoted
    asyncpg.exceptions.PostgresSystemError,
)

_PERMANENT: tuple[type[BaseException], ...] = (
    PermanentError,
    ValueError,  # asyncpg's DataError is an InterfaceError and a ValueError: the value does not fit the column
    MessageSizeTooLargeError,
    RecordTooLargeError,
)


def is_passing(error: BaseException) -> bool:
    """Say whether to try the same again: trouble of the surroundings, not of the record; of a group, whether all of it is."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_passing(part) for part in error.exceptions)
    return isinstance(error, _PASSING) and not isinstance(error, _PERMANENT)
