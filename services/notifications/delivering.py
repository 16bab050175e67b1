"""The sender: takes deliveries that are due, hands them to the mail server, and writes down what came of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

import structlog

from services.notifications.domain.delivery import Delivered, GiveUp, NotTried, Retry
from shared.messaging.errors import is_passing

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from services.notifications.domain.delivery import Outcome
    from services.notifications.mail import MailComposer, MailServer
    from services.notifications.metrics import Metrics
    from services.notifications.store import LeasedDelivery, Store

_log = structlog.get_logger(__name__)

_AT_A_TIME = 20
_PART_OF_THE_LEASE = 0.5
"""A lot is sent well within its lease, so that no other sender takes a delivery that this one is about to send."""
_LONGEST_SLEEP_SECONDS = 60.0
_AGAIN_SECONDS = 1.0


class Sender:
    """Runs in every replica; a lease in the database keeps them off each other's deliveries.

    A sender that dies between the server's yes and writing it down leaves a delivery that is sent again when its lease
    ends: SMTP has no way to avoid that, and the second copy has the same Message-ID.
    """

    def __init__(
        self,
        store: Store,
        composer: MailComposer,
        connect: Callable[[], MailServer],
        metrics: Metrics,
        *,
        lease_seconds: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the parts; `run` does the work.

        Args:
            store: the service's database.
            composer: writes the mails.
            connect: makes a connection to the mail server.
            metrics: told of each attempt.
            lease_seconds: how long the deliveries of a sender that died wait for another one.
            clock: gives the mail's date.
        """
        self._store = store
        self._composer = composer
        self._connect = connect
        self._metrics = metrics
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._wake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Deliveries were added, or may have been."""
        self._wake.set()

    def stop(self) -> None:
        """Ask `run` to end after the mail in hand, so that none is cut off between the server's yes and writing it down."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send what is due and sleep until something is, until stopped."""
        while not self._stopping:
            self._wake.clear()
            try:
                sent = await self.send_due()
                pause = 0.0 if sent else await self._store.seconds_until_due()
            except Exception as error:
                if not is_passing(error):
                    raise
                _log.warning("deliveries_not_looked_at", error_type=type(error).__name__)
                pause = _AGAIN_SECONDS
            if not self._stopping and (pause is None or pause > 0):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), min(pause or _LONGEST_SLEEP_SECONDS, _LONGEST_SLEEP_SECONDS))

    async def send_due(self) -> int:
        """Send a first lot of what is due; gives how many were taken."""
        leased = await self._store.lease_deliveries(self._lease_seconds, _AT_A_TIME)
        if not leased:
            return 0
        outcomes: dict[uuid.UUID, Outcome] = {delivery.delivery_id: NotTried() for delivery in leased}
        server = self._connect()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._lease_seconds * _PART_OF_THE_LEASE):
                    await self._send_all(leased, server, outcomes)
        finally:
            await self._store.save_outcomes(outcomes)
            await server.close()
        for delivery in leased:
            self._say(delivery, outcomes[delivery.delivery_id])
        return len(leased)

    async def _send_all(self, leased: list[LeasedDelivery], server: MailServer, outcomes: dict[uuid.UUID, Outcome]) -> None:
        """Send one after the other; once the server cannot be reached, the rest shares that outcome untried."""
        away: Retry | None = None
        for delivery in leased:
            if self._stopping:
                return
            if delivery.mail is None:
                outcomes[delivery.delivery_id] = GiveUp("no_address")
            elif away is not None:
                outcomes[delivery.delivery_id] = away
            else:
                message = self._composer.compose(delivery, delivery.mail, self._clock())
                outcome = await server.send(message, delivery.attempt)
                outcomes[delivery.delivery_id] = outcome
                away = outcome if isinstance(outcome, Retry) and outcome.reason == "unreachable" else None

    def _say(self, delivery: LeasedDelivery, outcome: Outcome) -> None:
        about = {
            "delivery_id": str(delivery.delivery_id),
            "attempt": delivery.attempt.number,
            "correlation_id": delivery.correlation_id,
        }
        match outcome:
            case Delivered():
                _log.info("mail_delivered", **about)
                self._metrics.attempted("delivered")
            case Retry(reason, after_seconds):
                _log.warning("mail_not_taken_yet", reason=reason, again_in_seconds=after_seconds, **about)
                self._metrics.attempted("retry")
            case GiveUp(reason):
                _log.error("mail_given_up", reason=reason, **about)
                self._metrics.attempted("given_up")
            case NotTried():
                self._metrics.attempted("not_tried")
            case _:
                assert_never(outcome)
