"""Accidents and hostility in a class: `python benchmarks/kills.py [kills] [hostile]`, a table each.

Run it in the checkout, with the package installed (`pip install -e '.[dev]'`), on Linux. The kills
are at moments drawn with a fixed seed; each killed batch is resumed until it is done.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

from tests.batch.class_maker import JOBS_A_LANE, check_words, graded, said, table
from tests.batch.test_hostile_class import HostileClass, Page, different_from_alone
from tests.batch.test_kills import LANES, Undisturbed, kill_and_check

KILLS = 50
STUDENTS = 60
KILLS_A_BATCH = 5
CLASS = 300


def kills() -> None:
    """Batches killed by SIGKILL, resumed: what is kept, and whether the end is the same."""
    moments = random.Random(2026)
    with tempfile.TemporaryDirectory() as folder:
        everything = Undisturbed(Path(folder), STUDENTS)
        print(f"{KILLS} kills of a batch of {STUDENTS} on {LANES} lanes; each is resumed")
        print(f"  in flight are at most {JOBS_A_LANE * LANES} grades; kept after each kill:")
        for number in range(KILLS // KILLS_A_BATCH):
            out = Path(folder, str(number))
            kept = [kill_and_check(everything, out, moments) for _ in range(KILLS_A_BATCH)]
            rest = STUDENTS - len(graded(out))
            everything.go_on(out)  # the same CSV, byte for byte, and nothing twice
            shown = " ".join(f"{count:3}" for count in kept)
            print(f"  batch {number + 1:2}  {shown}   then {rest:2} more: the same")
    print(f"  {KILLS} of {KILLS}: no grade lost that was kept, no process left, the same CSV")


def hostile() -> None:
    """A class with a tenth of hostile programs: honest students beside the same ones alone."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        made = HostileClass(Path(folder), CLASS)
        took_s = time.perf_counter() - begun
        check_words(made.done.returncode, made.done.stdout, made.done.stderr)
        isolation = next(line for line in said(made.done).splitlines() if "isolation" in line)
        page = Page()
        page.feed((made.out / "report.html").read_text("utf-8"))
        rows = table(made.out / "grades.csv")
        leaks = [path.name for path in made.written() if made.word.encode() in path.read_bytes()]
        print(f"a class of {CLASS}, {len(made.hostile)} hostile; {isolation}")
        print(f"  graded                                     {len(rows):4} in {took_s:.1f} s")
        print(f"  honest students graded other than alone    {len(different_from_alone(made)):4}")
        print(f"  files with a canary's word                 {len(leaks):4}")
        print(f"  active things in the page                  {len(page.active):4}")


TABLES = {"kills": kills, "hostile": hostile}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()
