"""The one error that a person sees while things start."""

from __future__ import annotations


class StartError(Exception):
    """Something needed cannot start; the message is one sentence that says what to do about it."""
