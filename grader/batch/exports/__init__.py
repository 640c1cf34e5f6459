"""Hands grades back: gradebook files by format, a filled gradebook, a page for each student.

One module a format, each with ``write(rows, out) -> list[Path]``; ``export.py`` knows them by name.
``fill.py`` fills the file that came from the LMS, ``feedback.py`` writes the students' pages.
Nothing here prints, grades or decides a score. All text passes through ``grader/escape.py``.
"""
