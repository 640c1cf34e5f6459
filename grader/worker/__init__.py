"""Untrusted: what runs beside the student's code. Standard library and grader.protocol only."""
