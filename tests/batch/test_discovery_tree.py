"""A folder or archive made to do harm: left out by name or refused in one line, never followed."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import tarfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.batch.discovery import listing, tars
from grader.batch.discovery.find import discover
from grader.batch.discovery.tree import Tree, open_tree
from grader.batch.records import BatchError
from tests.batch.discovery_helpers import PROGRAM, add_to_tar, folder, tarred, zipped

CANARY = b"outside = 'canary'\n"
posix = pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")


def paths(tree: Tree) -> list[str]:
    return [entry.path for entry in tree.entries() if entry.kind == "file"]


def why(tree: Tree) -> dict[str, str]:
    return {skip.path: skip.why for skip in tree.skipped}


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    file = tmp_path / "outside" / "exercise_3.py"
    file.write_bytes(CANARY)
    return file


# --- folders ---------------------------------------------------------------------------------


@posix
def test_links_in_a_folder_are_skipped_by_name(tmp_path: Path, canary: Path) -> None:
    source = folder(tmp_path / "class", ["doejane/exercise_3.py", "okaforc/a/exercise_3.py"])
    (source / "linked_student").symlink_to(canary.parent, target_is_directory=True)
    (source / "doejane" / "linked.py").symlink_to(canary)
    (source / "okaforc" / "b").symlink_to(canary.parent)
    (source / "okaforc" / "gone.py").symlink_to("nowhere")
    with open_tree(source) as tree:
        assert paths(tree) == ["doejane/exercise_3.py", "okaforc/a/exercise_3.py"]
        assert sorted(why(tree)) == [
            *("doejane/linked.py", "linked_student", "okaforc/b", "okaforc/gone.py"),
        ]
        for path in (
            "linked_student/exercise_3.py",
            "doejane/linked.py",
            "okaforc/b/exercise_3.py",
        ):
            with pytest.raises(BatchError, match="can't be read"):
                tree.read(path)


@posix
@pytest.mark.parametrize("swapped", ["doejane", "doejane/src", "doejane/src/exercise_3.py"])
def test_folder_swapped_for_a_link_is_not_followed(
    tmp_path: Path, canary: Path, swapped: str
) -> None:
    source = folder(tmp_path / "class", ["doejane/src/exercise_3.py"])
    (canary.parent / "src").mkdir()
    (canary.parent / "src" / "exercise_3.py").write_bytes(CANARY)
    with open_tree(source) as tree:
        assert paths(tree) == ["doejane/src/exercise_3.py"]
        (source / swapped).rename(tmp_path / "away")
        target = canary if swapped.endswith(".py") else canary.parent
        (source / swapped).symlink_to(target)
        with pytest.raises(BatchError, match="can't be read"):
            tree.read("doejane/src/exercise_3.py")


@pytest.mark.parametrize(
    "path", ["../outside/exercise_3.py", "/etc/passwd", "a/../../x", "", "a\0"]
)
def test_reading_by_a_path_that_leads_out_is_refused(
    tmp_path: Path, canary: Path, path: str
) -> None:
    with open_tree(folder(tmp_path / "class", ["a/x.py"])) as tree, pytest.raises(BatchError):
        tree.read(path)


@posix
def test_pipes_and_sockets_are_skipped_and_never_opened(tmp_path: Path) -> None:
    source = folder(tmp_path / "class", ["doejane/exercise_3.py"])
    os.mkfifo(source / "doejane" / "pipe.py")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(source)  # the path of a socket has to be short
        try:
            server.bind("socket.py")
        finally:
            os.chdir(here)
    with open_tree(source) as tree:
        assert paths(tree) == ["doejane/exercise_3.py"]
        assert set(why(tree)) == {"doejane/pipe.py", "socket.py"}
        with pytest.raises(BatchError, match="not an ordinary file"):
            tree.read("doejane/pipe.py")


@posix
def test_names_that_cannot_be_shown_are_skipped(tmp_path: Path) -> None:
    source = folder(tmp_path / "class", ["doejane/exercise_3.py"])
    for name in (b"new\nline.py", b"esc\x1b[31m.py", b"latin\xfc.py"):
        Path(os.fsdecode(os.fsencode(source) + b"/" + name)).write_bytes(PROGRAM)
    with open_tree(source) as tree:
        assert paths(tree) == ["doejane/exercise_3.py"]
        assert "".join(why(tree)).isprintable()
        assert sorted(why(tree).values()) == [
            "its name holds a control character (U+000A)",
            "its name holds a control character (U+001B)",
            "its name is not UTF-8; give it a name of plain letters",
        ]


def test_what_tools_leave_behind_is_not_listed(tmp_path: Path) -> None:
    names = [
        *(".git/hooks/x.py", "doejane/.venv/lib/x.py", "doejane/__pycache__/x.py"),
        *("doejane/node_modules/x.py", "__MACOSX/doejane/._x.py", "doejane/.hidden.py"),
        "doejane/exercise_3.py",
    ]
    for source in (folder(tmp_path / "f", names), zipped(tmp_path / "z", names)):
        with open_tree(source) as tree:
            assert paths(tree) == ["doejane/exercise_3.py"]
            assert tree.skipped == []


def pack_all(tmp_path: Path, names: list[str]) -> list[Path]:
    return [
        folder(tmp_path / "folder", names),
        zipped(tmp_path / "zip", names),
        tarred(tmp_path / "tar", names, "gz"),
    ]


@pytest.mark.parametrize("wrapper", ["", "class/"])
def test_student_with_too_many_files_is_skipped_and_the_rest_graded(
    tmp_path: Path, wrapper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_BELOW", 50)
    monkeypatch.setattr("grader.batch.discovery.folder.MAX_BELOW", 50)
    names = [f"{wrapper}flood/{n % 5}/{n}.py" for n in range(60)]
    names += [f"{wrapper}{who}/exercise_3.py" for who in ("doejane", "okaforc")]
    for source in pack_all(tmp_path, names):
        with open_tree(source) as tree:
            assert paths(tree) == [
                f"{wrapper}{who}/exercise_3.py" for who in ("doejane", "okaforc")
            ]
            assert why(tree) == {f"{wrapper}flood": "it holds more than 50 files and folders"}


def test_ten_thousand_files_of_one_student_are_skipped_by_name(tmp_path: Path) -> None:
    names = [f"flood/{n}.py" for n in range(listing.MAX_BELOW + 1)]
    with open_tree(zipped(tmp_path / "z", [*names, "doejane/exercise_3.py"])) as tree:
        assert paths(tree) == ["doejane/exercise_3.py"]
        assert list(why(tree)) == ["flood"]


def test_class_larger_than_a_student_may_be_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_BELOW", 50)
    monkeypatch.setattr("grader.batch.discovery.folder.MAX_BELOW", 50)
    names = [f"class/{n}.py" for n in range(60)] + ["class/submitted.py"]
    for source in pack_all(tmp_path, names):
        with open_tree(source) as tree:
            assert len(paths(tree)) == 61


def test_too_many_names_in_all_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("listing", "folder", "zips"):
        monkeypatch.setattr(f"grader.batch.discovery.{module}.MAX_ENTRIES", 50)
    for source in pack_all(tmp_path, [f"{n}/exercise_3.py" for n in range(60)]):
        with (
            pytest.raises(BatchError, match="holds more than"),
            open_tree(source) as tree,
        ):
            tree.entries()


def test_folders_too_deep_are_skipped(tmp_path: Path) -> None:
    deep = "/".join("d" * (listing.MAX_DEPTH + 5))
    for source in pack_all(tmp_path, ["doejane/exercise_3.py", f"deep/{deep}/exercise_3.py"]):
        with open_tree(source) as tree:
            assert paths(tree) == ["doejane/exercise_3.py"]
            assert any("folders deep" in each for each in why(tree).values())


def test_twenty_thousand_files_fit_into_little_memory(tmp_path: Path) -> None:
    source = tmp_path / "class"
    source.mkdir()
    for number in range(20_000):
        (source / f"student{number:05}.py").touch()
    tracemalloc.start()
    try:
        discovery = discover(source, exercise_id="exercise-3")
        assert len(discovery.handins) == 20_000
        discovery.tree.close()
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


# --- archives --------------------------------------------------------------------------------

LEADS_OUT = ["../outside/exercise_3.py", "/etc/x.py", "a/../../x.py", "C:/x.py", "C:\\x.py"]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_out_of_an_archive_are_skipped(
    tmp_path: Path, pack: Callable[[Path, object], Path]
) -> None:
    with open_tree(pack(tmp_path / "a", [*LEADS_OUT, "doejane/exercise_3.py"])) as tree:
        assert paths(tree) == ["doejane/exercise_3.py"]
        assert len(tree.skipped) == len(LEADS_OUT)
        with pytest.raises(BatchError, match="is not a file in"):
            tree.read("../outside/exercise_3.py")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_in_archives_are_tidied(tmp_path: Path, pack: Callable[[Path, object], Path]) -> None:
    names = ["./doejane//exercise_3.py", "bad\nname/x.py", "x" * 2_000 + ".py"]
    with open_tree(pack(tmp_path / "a", names)) as tree:
        assert paths(tree) == ["doejane/exercise_3.py"]
        assert tree.read("doejane/exercise_3.py") == PROGRAM
        assert all(skip.path.isprintable() and len(skip.path) <= 200 for skip in tree.skipped)
        assert len(tree.skipped) == 2


def test_zip_made_on_windows_has_folders(tmp_path: Path) -> None:
    with open_tree(zipped(tmp_path / "a.zip", ["doejane\\src\\exercise_3.py"])) as tree:
        assert paths(tree) == ["doejane/src/exercise_3.py"]
        assert tree.read("doejane/src/exercise_3.py") == PROGRAM


def test_links_and_devices_in_a_zip_are_skipped(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, mode in (("link.py", 0o120777), ("pipe.py", 0o010644), ("disk.py", 0o060644)):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("doejane.py", PROGRAM)
    with open_tree(tmp_path / "a.zip") as tree:
        assert paths(tree) == ["doejane.py"]
        assert "links are not followed" in why(tree)["link.py"]
        assert set(why(tree)) == {"link.py", "pipe.py", "disk.py"}


def test_last_of_two_same_names_counts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("doejane.py", b"first")
        archive.writestr("./doejane.py", b"second")
    with tarfile.open(tmp_path / "b", "w:gz") as tar:
        add_to_tar(tar, "doejane.py", b"first")
        add_to_tar(tar, "doejane.py", b"second")
    for name in "ab":
        with open_tree(tmp_path / name) as tree:
            assert tree.read("doejane.py") == b"second"
            assert "more than once" in why(tree)["doejane.py"]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_file_in_a_file_is_skipped(tmp_path: Path, pack: Callable[[Path, object], Path]) -> None:
    with open_tree(pack(tmp_path / "a", ["doejane.py/x.py", "doejane.py"])) as tree:
        assert paths(tree) == ["doejane.py"]
        assert "inside a file" in why(tree)["doejane.py/x.py"]


def test_encrypted_and_unusually_packed_files_are_skipped(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", ["doejane.py", "okafor.py"]).read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("roe.py", PROGRAM)
    with open_tree(tmp_path / "a.zip") as tree:
        assert paths(tree) == ["okafor.py"]
        assert why(tree) == {"doejane.py": "it is encrypted"}
    with open_tree(tmp_path / "b.zip") as tree:
        assert "use deflate" in why(tree)["roe.py"]


@pytest.mark.parametrize("packing", ["zip", "gz", "bz2", "xz"])
def test_bomb_is_read_to_the_limit_only(tmp_path: Path, packing: str) -> None:
    names = {"bomb.py": bytes(10_000_000), "doejane.py": PROGRAM}
    path = tmp_path / "a"
    path = zipped(path, names) if packing == "zip" else tarred(path, names, packing)
    assert path.stat().st_size < 30_000
    with open_tree(path) as tree:
        tracemalloc.start()
        try:
            assert len(tree.read("bomb.py")) == listing.READ_LIMIT
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()
        assert tree.read("doejane.py") == PROGRAM


def test_real_size_beyond_the_declared_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", {"a.py": bytes(100_000)}).read_bytes())
    for signature, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        struct.pack_into("<L", data, data.index(signature) + offset, 10)
    (tmp_path / "a.zip").write_bytes(data)
    with open_tree(tmp_path / "a.zip") as tree, pytest.raises(BatchError, match="can't be read"):
        tree.read("a.py")


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_tar_that_grows_without_end_is_refused(
    tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tars, "_FREE_REAL", 1_000_000)
    monkeypatch.setattr(tars, "_MAX_RATIO", 10)
    path = tarred(tmp_path / "a", {"a.bin": bytes(10_000_000), "doejane.py": PROGRAM}, packing)
    with pytest.raises(BatchError, match="archive bomb"):
        open_tree(path)


def test_links_devices_and_sparse_files_in_a_tar_are_skipped(tmp_path: Path, canary: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        add_to_tar(tar, "hard.py", type=tarfile.LNKTYPE, linkname="../outside/exercise_3.py")
        add_to_tar(tar, "soft.py", type=tarfile.SYMTYPE, linkname=str(canary))
        add_to_tar(tar, "okafor", type=tarfile.SYMTYPE, linkname=str(canary.parent))
        add_to_tar(tar, "okafor/exercise_3.py", PROGRAM)
        for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            add_to_tar(tar, f"device{kind.decode()}.py", type=kind)
        add_to_tar(tar, "sparse.py", pax_headers={"GNU.sparse.map": "0,4", "GNU.sparse.size": "9"})
        add_to_tar(tar, "doejane.py", PROGRAM)
    with open_tree(tmp_path / "a.tar") as tree:
        assert paths(tree) == ["doejane.py", "okafor/exercise_3.py"]
        assert tree.read("okafor/exercise_3.py") == PROGRAM
        assert len(tree.skipped) == 7


def test_pax_headers_cannot_lead_out_or_fill_the_memory(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        add_to_tar(tar, "inside.py", PROGRAM, pax_headers={"path": "../outside/x.py"})
        add_to_tar(tar, "doejane.py", PROGRAM)
    with open_tree(tmp_path / "a.tar") as tree:
        assert paths(tree) == ["doejane.py"]
    with tarfile.open(tmp_path / "b.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        add_to_tar(tar, "x.py", PROGRAM, pax_headers={"comment": "c" * 200_000})
    with pytest.raises(BatchError, match="header is larger"):
        open_tree(tmp_path / "b.tar")


def test_chain_of_pax_headers_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    (tmp_path / "a.tar").write_bytes(header.tobuf(tarfile.USTAR_FORMAT) * 5_000)
    with pytest.raises(BatchError, match="broken tar archive"):
        open_tree(tmp_path / "a.tar")


def test_tar_with_a_negative_size_ends(tmp_path: Path) -> None:
    data = bytearray(tarred(tmp_path / "a.tar", ["doejane.py", "okafor.py"]).read_bytes())
    data[124:136] = b"\xff" * 8 + struct.pack(">i", -1024)
    data[148:156] = b"%06o\0 " % (256 + sum(data[:148]) + sum(data[156:512]))
    (tmp_path / "a.tar").write_bytes(data)
    with pytest.raises(BatchError, match="broken tar archive"):
        open_tree(tmp_path / "a.tar")


def test_broken_archives_are_refused_in_one_clear_line(tmp_path: Path) -> None:
    names = [f"student{n}/exercise_3.py" for n in range(40)]
    for path in (
        zipped(tmp_path / "zip", names),
        *(
            tarred(tmp_path / f"tar{packing}", names, packing)
            for packing in ("", "gz", "bz2", "xz")
        ),
    ):
        whole = path.read_bytes()
        for length in {*range(4, min(600, len(whole) * 8 // 10), 60), len(whole) // 2}:
            path.write_bytes(whole[:length])
            with pytest.raises(BatchError) as caught:
                open_tree(path)
            assert path.name in str(caught.value).splitlines()[0]


def test_archive_with_broken_list_of_names_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", ["a.py", "b.py"]).read_bytes())
    second = data.rindex(b"PK\1\2")
    data[second : second + 4] = b"XXXX"
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(BatchError, match="broken zip archive"):
        open_tree(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "neither a folder nor"),
        (b"Rar!\x1a\x07", "is a rar archive"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive"),
        (b"\x1f\x8b\x08\0garbage", "broken tar"),
        (b"PK\3\4", "broken zip"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BatchError, match=words):
        open_tree(tmp_path / "file")


def test_one_program_and_nothing_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="one program, not a class"):
        open_tree(folder(tmp_path / "class", ["doejane.py"]) / "doejane.py")
    with pytest.raises(BatchError, match="there is no folder"):
        open_tree(tmp_path / "none")


def test_compressed_programs_are_read_in_any_order(tmp_path: Path) -> None:
    names = {f"{n}.py": b"# %d\n" % n for n in range(200)}
    names["big.bin"] = bytes(3_000_000)
    with open_tree(tarred(tmp_path / "a.tgz", names, "gz")) as tree:
        for name in reversed(list(names)):
            assert tree.read(name, 50) == names[name][:50]


@posix
def test_nothing_is_written_into_the_source(tmp_path: Path) -> None:
    source = folder(tmp_path / "class", ["doejane/exercise_3.py", "okafor/x.py"])
    archive = zipped(tmp_path / "a.zip", ["doejane/exercise_3.py"])
    before = [(p, p.stat().st_mtime_ns) for p in [archive, source, *sorted(source.rglob("*"))]]
    for path in (source, archive):
        discovery = discover(path, exercise_id="exercise-3")
        with discovery.tree as tree:
            tree.read("doejane/exercise_3.py")
    after = [(p, p.stat().st_mtime_ns) for p in [archive, source, *sorted(source.rglob("*"))]]
    assert before == after


# --- anything --------------------------------------------------------------------------------

_PIECES = [
    *("..", ".", "/", "\\", "\n", "\x1b", "\0", "C:", "-", "_", " ", "é", "\u202e", "\u2028"),
    *("exercise-3", "exercise_3.py", ".py", "submitted", "submission_1", "submission_metadata.yml"),
    *("doe_1_2_", "_LATE", "anon_", "_12_assignsubmission_file", "_attempt_2026-11-22-14-32-01_"),
    *("timestamp.txt", "scores.csv", "exercise-3-", "-submissions", "a", "1", ".git", "\ud800"),
]
names = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map("".join) | st.text(
    max_size=20
)
files = st.dictionaries(names, st.sampled_from([PROGRAM, b"", b"[", b"\xff"]), max_size=8)
relaxed = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check_any(path: Path) -> None:
    try:
        discovery = discover(path, exercise_id="exercise-3")
    except BatchError as error:
        refused = str(error).replace("\n", "")
    else:
        refused = ""
    assert refused.isprintable()
    if refused:
        return
    with discovery.tree as tree:
        assert discovery.sentence().isprintable()
        assert len({(h.student.key, h.attempt) for h in discovery.handins}) == len(
            discovery.handins
        )
        for handin in discovery.handins:
            assert bool(handin.path) != bool(handin.problem)
            assert handin.problem.isprintable()
            assert ".." not in handin.path.split("/")
            assert handin.student.key
            str(handin).encode()  # no surrogates
            if handin.path:
                with contextlib.suppress(BatchError):
                    assert tree.read(handin.path) != CANARY
        for skip in discovery.skipped:
            assert skip.path.isprintable()


@given(files)
@relaxed
def test_any_zip_is_listed_or_refused(tmp_path: Path, contents: dict[str, bytes]) -> None:
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in contents.items():
            try:
                archive.writestr(zipfile.ZipInfo(name or "x"), data)
            except UnicodeEncodeError:
                continue
    check_any(path)


@given(files, st.sampled_from([b"0", b"1", b"2", b"3", b"5", b"6", b"7", b"S", b"x", b"g", b"L"]))
@relaxed
def test_any_tar_is_listed_or_refused(
    tmp_path: Path, contents: dict[str, bytes], kind: bytes
) -> None:
    path = tmp_path / "class.tar"
    (tmp_path / "exercise_3.py").write_bytes(CANARY)
    with tarfile.open(path, "w", errors="surrogatepass") as archive:
        for number, (name, data) in enumerate(contents.items()):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.type = kind if number % 3 == 0 else tarfile.REGTYPE
            info.linkname = "../exercise_3.py"
            try:
                archive.addfile(info, io.BytesIO(data))
            except UnicodeEncodeError:
                continue
    check_any(path)


@given(st.sampled_from(["zip", "tar", "gz", "bz2", "xz"]), st.data())
@relaxed
def test_any_damage_to_an_archive_is_survived(
    tmp_path: Path, packing: str, data: st.DataObject
) -> None:
    inside = ["exercise-3-doe/exercise_3.py", "exercise-3-roe/x.py"]
    path = tmp_path / "class"
    if packing == "zip":
        zipped(path, inside)
    else:
        tarred(path, inside, packing.replace("tar", ""))
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    check_any(path)


@posix
@given(files, st.lists(names, max_size=3))
@relaxed
def test_any_folder_is_listed_without_leaving_it(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes], links: list[str]
) -> None:
    top = tmp_path_factory.mktemp("any")
    (top / "exercise_3.py").write_bytes(CANARY)
    source = top / "class"
    source.mkdir()
    for name, data in [*contents.items(), *((link, None) for link in links)]:
        parts = [part for part in name.split("/") if part not in ("", ".", "..")]
        try:
            file = source.joinpath(*parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            if data is None:
                file.symlink_to(top / "exercise_3.py" if len(name) % 2 else top)
            else:
                file.write_bytes(data)
        except (OSError, ValueError):
            continue  # this system has no such name
    check_any(source)
