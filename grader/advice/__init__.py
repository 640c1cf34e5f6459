"""A failed item to the named misconception, the line, the next step."""
