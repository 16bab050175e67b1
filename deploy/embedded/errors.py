"""The one error of the embedded stack that a person is meant to read."""


class CannotStartError(Exception):
    """What is missing and the remedy, in one sentence."""
