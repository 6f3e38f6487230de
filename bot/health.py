"""Am I well? Asked by load balancers and people; answers the same whichever process is asked."""

from __future__ import annotations

import redis
from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from models import db, outbound
from models.clock import Clock

REDIS_SECONDS = 0.5  # for an answer; who asks about us does not wait long either


def health(redis_url: str, clock: Clock) -> Blueprint:
    page = Blueprint("health", __name__)
    client = redis.Redis.from_url(
        redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )

    @page.get("/api/health")
    def look() -> Response:
        """200 while database and Redis answer, WhatsApp takes messages and nothing waits too long; else 503 and why."""
        wrong: list[str] = []
        waiting = None
        try:
            with db.process().engine.connect() as connection:
                oldest = connection.execute(
                    text(
                        "SELECT min(received_at) FROM inbound_events WHERE kind = 'message' AND done_at IS NULL"
                    )
                ).scalar()
                if outbound.waits(connection, outbound.SENDER_STOPPED):
                    wrong.append("sending")
            if oldest is not None:
                waiting = max(0.0, (clock.now() - oldest).total_seconds())
                if waiting > 30:
                    wrong.append("turns")
        except Exception:
            wrong.append("database")
        try:
            client.ping()
        except redis.RedisError:
            wrong.append("redis")
        response = jsonify(
            status="ok" if not wrong else "unwell", wrong=wrong, oldest_waiting_seconds=waiting
        )
        response.status_code = 503 if wrong else 200
        return response

    return page
