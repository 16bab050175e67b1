"""What the notifications service is told by its environment."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.settings import Secret, ServiceSettings


class NotificationsSettings(ServiceSettings):
    """Beside what every service is told: its database, and the mail server that takes what is pushed."""

    service: ClassVar[str] = "notifications"

    notifications_postgres_dsn: Secret
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    mail_from: str = "Ledigplads <ledigplads@localhost>"
    # An erasure writes tables up to this size anew, which locks them; a larger one is only vacuumed.
    notifications_rewrite_at_most_mb: Annotated[int, Field(ge=0)] = 512
    # How long the mails that a killed sender had in hand wait for another one; half of it is the time to send a lot of 20.
    mail_lease_seconds: Annotated[float, Field(ge=5, le=3600)] = 120
