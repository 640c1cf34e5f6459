"""Writes the golden files anew: ``python -m tests.batch.golden.update`` at the top."""

from tests.batch.golden.grades import update

if __name__ == "__main__":
    update()
