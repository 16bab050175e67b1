"""The users of a stack on its Kafka: those of the services, given one by one or made from the administrator's, and those of partners."""

import os
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from deploy.embedded.errors import CannotStartError
from deploy.embedded.home import Home
from deploy.principals.administration import AdministrationRefusedError, administration, brokers_as
from deploy.principals.applying import admit_partner, apply
from deploy.principals.bindings import Declaration
from deploy.principals.declared import SERVICES
from shared.messaging.security import Brokers, security_of


@dataclass(frozen=True, slots=True)
class Logins:
    """Who logs in as whom. A Kafka that asks for no login knows no users, and everybody is the same to it.

    Attributes:
        home: keeps the passwords.
        administrator: the brokers, to one who may make users and ACLs.
        declared: what each may do.
    """

    home: Home
    administrator: Brokers
    declared: Declaration

    @property
    def are_asked_for(self) -> bool:
        return security_of(self.administrator).logs_in

    def of_service(self, name: str) -> Brokers:
        """Give the brokers to a service."""
        given = _given(name)
        if given is not None:
            return brokers_as(self.administrator, *given)
        if not self.are_asked_for:
            return self.administrator
        return brokers_as(self.administrator, self.declared.user(name), self.home.secret(_key(name)))

    def of_partner(self, partner: str) -> Brokers:
        """Give the brokers to a partner that was admitted here."""
        if not self.are_asked_for:
            return self.administrator
        return brokers_as(
            self.administrator, self.declared.partner_user(partner), self.home.secret(_key(self.declared.partner_user(partner)))
        )

    async def make(self) -> int:
        """Make the users of the services and what each may do; says how many users there are.

        Raises:
            CannotStartError: the administrator may not.
        """
        missing = [name for name in SERVICES if _given(name) is None]
        if not self.are_asked_for or not missing:
            return 0
        try:
            async with administration(self.administrator) as admin:
                await apply(admin, self.declared, {name: self.home.secret(_key(name)) for name in missing})
        except (KafkaError, OSError, AdministrationRefusedError) as error:
            message = (
                f"The users of the services cannot be made on Kafka ({error}): let LEDIGPLADS_KAFKA_USERNAME be an administrator, or make "
                "them (ledigplads principals render) and say LEDIGPLADS_INTAKE_KAFKA_USERNAME, LEDIGPLADS_INTAKE_KAFKA_PASSWORD and so on"
            )
            raise CannotStartError(message) from error
        return len(missing)

    async def admit(self, partner: str) -> Brokers:
        """Make a partner's user and what it may do, and give it the brokers."""
        brokers = self.of_partner(partner)
        if self.are_asked_for:
            async with administration(self.administrator) as admin:
                await admit_partner(admin, self.declared, partner, security_of(brokers).password)
        return brokers


def _key(name: str) -> str:
    return f"kafka-{name}"


def _given(service: str) -> tuple[str, str] | None:
    user = os.environ.get(f"LEDIGPLADS_{service.upper()}_KAFKA_USERNAME")
    password = os.environ.get(f"LEDIGPLADS_{service.upper()}_KAFKA_PASSWORD")
    return (user, password) if user and password else None
