"""A partner's own login on Kafka: made with the partner, shown once, taken away with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiokafka.errors import KafkaError

from deploy.cli.exits import CommandError
from deploy.principals.administration import AdministrationRefusedError, administration, brokers_as, new_password
from deploy.principals.applying import admit_partner, dismiss_partner
from shared.messaging.security import environment_of, security_of

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.cli.stack_state import StackState
    from shared.messaging.security import Brokers


@dataclass(frozen=True, slots=True)
class Login:
    """What a partner's system is told.

    Attributes:
        user: its name on Kafka.
        brokers: with its new password; None if it has one already, which nobody can read again.
    """

    user: str
    brokers: Brokers | None = field(repr=False)

    def write(self, file: Path) -> None:
        """Write the login as an environment file that only the caller may read."""
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        lines = environment_of(self.brokers) if self.brokers is not None else {}
        file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")


async def admit(stack: StackState, partner: str, *, renew: bool = False) -> Login | None:
    """Make a partner's user and give it its rights; None if this Kafka asks for no login.

    Args:
        stack: whose Kafka.
        partner: its name.
        renew: give it a new password although it has one.

    Raises:
        CommandError: Kafka refuses.
    """
    if not security_of(stack.bootstrap_servers).logs_in:
        return None
    declared = stack.declaration
    user = declared.partner_user(partner)
    try:
        async with administration(stack.bootstrap_servers) as admin:
            password = new_password() if renew or user not in await admin.users() else None
            await admit_partner(admin, declared, partner, password)
    except (KafkaError, OSError, AdministrationRefusedError) as error:
        raise CommandError(f"The user {user} cannot be made on Kafka: {error or type(error).__name__}") from error
    if password is None:
        return Login(user, None)
    if stack.home is not None:
        stack.home.keep_secret(f"kafka-{user}", password)
    return Login(user, brokers_as(stack.bootstrap_servers, user, password))


async def own(stack: StackState, partner: str) -> Brokers:
    """Give the brokers as a partner that the command itself plays: on a stack of this machine it is admitted if it is not yet.

    Raises:
        CommandError: Kafka refuses.
    """
    if stack.home is not None:
        await admit(stack, partner, renew=not stack.knows_password_of(partner))
    return stack.as_partner(partner)


async def dismiss(stack: StackState, partner: str) -> None:
    """Take a partner's user away, with its rights.

    Raises:
        CommandError: Kafka refuses.
    """
    if not security_of(stack.bootstrap_servers).logs_in:
        return
    user = stack.declaration.partner_user(partner)
    try:
        async with administration(stack.bootstrap_servers) as admin:
            await dismiss_partner(admin, stack.declaration, partner)
    except (KafkaError, OSError, AdministrationRefusedError) as error:
        raise CommandError(f"The user {user} cannot be deleted on Kafka: {error or type(error).__name__}") from error
    if stack.home is not None:
        stack.home.forget_secret(f"kafka-{user}")
