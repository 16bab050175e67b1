"""What the service counts, for Prometheus; the consumers' own figures are the messaging piece's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from services.notifications.domain.places import Kind

ALERTS = Counter("ledigplads_alerts", "Alerts made, by kind", ["kind"])
DELIVERIES = Counter("ledigplads_deliveries", "Attempts to deliver, by outcome", ["outcome"])
STREAMS = Gauge("ledigplads_inbox_streams", "Open streams of alerts")
WAITING = Gauge("ledigplads_places_waiting", "Places whose vacancy has not come yet")


class Metrics:
    """Names what is counted in the service's own words."""

    def alerted(self, kind: Kind, count: int) -> None:
        ALERTS.labels(kind).inc(count)

    def attempted(self, outcome: str) -> None:
        DELIVERIES.labels(outcome).inc()

    def stream_opened(self) -> None:
        STREAMS.inc()

    def stream_closed(self) -> None:
        STREAMS.dec()

    def places_waiting(self, count: int) -> None:
        WAITING.set(count)
