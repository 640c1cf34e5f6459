"""Carry messages between an engine and a worker: in process, or in a process of its own."""
