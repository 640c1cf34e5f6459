"""Writes the golden files anew: ``python -m tests.golden.update`` at the top of the checkout."""

from tests.golden.reports import FOLDER, reports

if __name__ == "__main__":
    for name, text in reports():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
