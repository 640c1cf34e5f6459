"""Facts about opening a file that others may have put there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from grader.files import NotOrdinary, open_ordinary

needs_links = pytest.mark.skipif(os.name == "nt", reason="there a link is told before opening")
needs_folders = pytest.mark.skipif(os.name == "nt", reason="a folder can't be opened there")


def next_descriptor() -> int:
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


def test_ordinary_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a\r\n")
    with open_ordinary(tmp_path / "a.py") as file:
        assert file.read() == b"a\r\n"


@needs_folders
def test_folder_is_refused_and_no_descriptor_is_lost(tmp_path: Path) -> None:
    before = next_descriptor()
    with pytest.raises(NotOrdinary) as caught:
        open_ordinary(tmp_path)
    assert stat.S_ISDIR(caught.value.mode)
    assert next_descriptor() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
def test_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotOrdinary, match="not an ordinary file"):
        open_ordinary(tmp_path / "pipe")


@needs_links
def test_link_is_followed_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a")
    (tmp_path / "link").symlink_to("a.py")
    with pytest.raises(OSError, match=r".") as caught:
        open_ordinary(tmp_path / "link")
    assert not isinstance(caught.value, FileNotFoundError)
    with open_ordinary(tmp_path / "link", follow_link=True) as file:
        assert file.read() == b"a"


@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="no open relative to a folder here")
def test_name_is_looked_up_in_the_open_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with open_ordinary("a.py", dir_fd=folder) as file:
            assert file.read() == b"a"
    finally:
        os.close(folder)
