"""What every test relies on."""

from __future__ import annotations

import signal

# A shell that starts the tests in the background ignores Ctrl-C for them, and for all they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
