from __future__ import annotations

from hypothesis import settings

# Test machines are busy: how long an example takes says nothing there. Nothing is kept between runs.
settings.register_profile("rules", deadline=None, database=None, print_blob=True)
settings.load_profile("rules")
