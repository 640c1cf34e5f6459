"""Facts of the runs to passed, failed or not assessed."""
