"""The one place that states the version of asyncgrade."""

__version__ = "0.1.0"
