"""What an admin does from their chat."""

from __future__ import annotations

from flows.admin.decisions import approve, ask_if_sure, decline, wait

__all__ = ["approve", "ask_if_sure", "decline", "wait"]
