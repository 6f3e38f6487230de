"""The web process: `granian --interface wsgi wsgi:app`. Reads the settings, builds the clients, joins the routes."""

from __future__ import annotations

from multiprocessing.util import Finalize

import config
import logs
import memory
from bot.app import create_app
from integrations import clients
from models import db, sealed
from models.clock import Clock
from workers import follow_ups
from workers.heartbeat import Heartbeat
from workers.queue import Doorbell, lanes

settings = config.load()
logs.configure(settings.log_level, process="web")
db.start(
    db.make_engine(settings.database_url, pool_size=8),
    follow_ups=follow_ups.table(settings.rules),
    ring=Doorbell(settings.redis_url, lanes(settings.turn_workers)).ring,
)
sealed.start(settings.encryption_key)
app = create_app(settings, clients.build(settings), Clock(settings.clock_file))
heartbeat = Heartbeat("web")
heartbeat.start()
memory.settle()
# Granian's worker is a child of multiprocessing, which runs no atexit.
Finalize(None, heartbeat.stop, exitpriority=1)
