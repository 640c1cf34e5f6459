"""Trusted and pure: decides what happens in a run. No I/O, no clock, no randomness of its own."""
