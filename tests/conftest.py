"""What every test relies on."""

from __future__ import annotations

import signal

from hypothesis import settings

# A shell that starts the tests in the background ignores Ctrl-C for them, and for all they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on the machine's speed.
settings.register_profile("asyncgrade", deadline=None)
settings.load_profile("asyncgrade")
