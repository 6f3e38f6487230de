"""What an admin does from their chat."""

from __future__ import annotations

from flows.admin.talking import forward, taken_as_reply
from flows.admin.taps import TAPS

__all__ = ["TAPS", "forward", "taken_as_reply"]
