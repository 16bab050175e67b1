"""Telling who looks at a citizen's data, before the answer is sent."""

from shared.access.recording import AccessRecorder, Look

__all__ = ["AccessRecorder", "Look"]
