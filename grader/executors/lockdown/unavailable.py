"""The one error of the layers."""


class Unavailable(Exception):
    """A layer that this system does not have; the text says what was tried and the answer."""
