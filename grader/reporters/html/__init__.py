"""Pages for a browser: one file each, which asks the network for nothing and runs one script.

``student_page`` is one grade, ``class_page`` a whole class. They see verdicts and plain rows only.
"""
