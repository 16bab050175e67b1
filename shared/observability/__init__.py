"""Logs that can be followed from the submission to the alert, and that carry nothing about a citizen."""

from shared.observability.correlation import correlated, current_correlation_id, new_correlation_id, use_correlation_id
from shared.observability.logs import configure_logging

__all__ = [
    "configure_logging",
    "correlated",
    "current_correlation_id",
    "new_correlation_id",
    "use_correlation_id",
]
