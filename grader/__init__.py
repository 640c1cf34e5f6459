"""asyncgrade: grades asynchronous Python. This package imports nothing: the worker shares it."""
