"""Mail: what it says, and handing it to the mail server."""

from __future__ import annotations

from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiosmtplib

from services.notifications.domain.delivery import Delivered, GiveUp, Patience, answered, not_reached

if TYPE_CHECKING:
    from datetime import datetime

    from services.notifications.domain.delivery import Attempt, Outcome
    from services.notifications.pages.rendering import Pages
    from services.notifications.store import LeasedDelivery

_COMMAND_SECONDS = 10.0


class MailComposer:
    """Writes mails.

    Args:
        pages: has the words.
        sender: the address that stands in From.
        public_url: where the inbox is.
    """

    def __init__(self, pages: Pages, sender: str, public_url: str) -> None:
        self._pages = pages
        self._sender = sender
        self._host = urlsplit(public_url).hostname or "localhost"

    def compose(self, delivery: LeasedDelivery, address: str, now: datetime) -> EmailMessage:
        """Write the mail of a delivery; apart from the date it is the same each time, above all its Message-ID."""
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = address
        message["Subject"] = self._pages.mail_subject(delivery.need_id, delivery.alerts)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{delivery.delivery_id}@{self._host}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "da, en"
        message["X-Ledigplads-Alerts"] = ",".join(str(alert.alert_id) for alert in delivery.alerts)
        message["X-Ledigplads-Need"] = delivery.need_id
        message.set_content(self._pages.mail_text(delivery.person, delivery.need_id, delivery.alerts))
        return message


class MailServer:
    """A connection to the mail server, opened when first needed; every way in which sending can end is an outcome."""

    def __init__(self, host: str, port: int, patience: Patience) -> None:
        self._smtp = aiosmtplib.SMTP(hostname=host, port=port, timeout=_COMMAND_SECONDS, start_tls=None)
        self._patience = patience

    async def send(self, message: EmailMessage, attempt: Attempt) -> Outcome:
        try:
            if not self._smtp.is_connected:
                await self._smtp.connect()
            await self._smtp.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return answered(max(one.code for one in refused.recipients), attempt, self._patience)
        except aiosmtplib.SMTPResponseException as answer:
            return answered(answer.code, attempt, self._patience)
        except (aiosmtplib.SMTPNotSupported, ValueError):
            # An address that cannot be said to this server.
            return GiveUp("refused")
        except (aiosmtplib.SMTPException, OSError):
            self._smtp.close()
            return not_reached(attempt, self._patience)
        return Delivered()

    async def close(self) -> None:
        """Say goodbye; a server that is gone need not hear it."""
        if self._smtp.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._smtp.quit()
        self._smtp.close()
