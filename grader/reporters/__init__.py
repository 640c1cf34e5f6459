"""A verdict to text, one module a format."""
