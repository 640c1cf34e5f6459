"""Which files a worker may read, on the layouts that systems have."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.executors.lockdown.library import Library


def files(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")


@pytest.mark.parametrize("outer", ["", "usr/lib64"])
def test_installed_packages_are_never_below_what_is_readable(tmp_path: Path, outer: str) -> None:
    """Fedora keeps the standard library inside the folder of the shared libraries."""
    files(
        tmp_path,
        "usr/lib64/libz.so.1",
        "usr/lib64/python3/json/decoder.py",
        "usr/lib64/python3/abc.py",
        "usr/lib64/python3/site-packages/secret.py",
    )
    standard = str(tmp_path / "usr/lib64/python3")
    hidden = f"{standard}/site-packages"
    library = Library((standard,), (hidden,), (str(tmp_path / outer),) if outer else ())
    readable = library.readable()
    assert not any(hidden == path or hidden.startswith(f"{path}/") for path in readable)
    assert {f"{standard}/json", f"{standard}/abc.py"} <= {*readable}
    assert (str(tmp_path / "usr/lib64/libz.so.1") in readable) == bool(outer)
    assert library.some_hidden_files() == [f"{hidden}/secret.py"]


def test_library_holds_its_own_folders_only() -> None:
    library = Library(("/lib/python3",), ("/lib/python3/site-packages",), ("/usr/lib",))
    assert library.holds("/lib/python3")
    assert library.holds("/lib/python3/json")
    assert not library.holds("/lib/python3/site-packages/grader")
    assert not library.holds("/lib/python33")
    assert not library.holds("/usr/lib")
