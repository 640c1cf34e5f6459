"""A host process for the tests that end one: it grades a program that never ends.

Argument: the executor's name. Says on standard output how it ended, if it may.
"""

from __future__ import annotations

import sys

from grader.executors.base import ExecutorFailed
from grader.grade import grade
from tests.helpers import executor_of, installed, submission_from

ENDLESS = """
import os
try:
    os.fork()
except OSError:  # where it is locked down
    pass
while True: pass
"""


def main() -> None:
    try:
        with executor_of(sys.argv[1]) as executor:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            verdict = grade(installed("exercise-2"), submission_from(ENDLESS), executor, "1")
            sys.stdout.write(f"{verdict.ending}\n")
    except KeyboardInterrupt:
        sys.stdout.write("interrupted\n")
    except ExecutorFailed as error:
        sys.stdout.write(f"failed: {error}\n")


if __name__ == "__main__":
    main()
