"""The import rules of the design, read off the source: imports point one way."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

GRADER = Path(__file__).parent.parent / "grader"

# Which parts of the package a part may import, itself aside. One line a rule.
MAY_IMPORT = {
    "protocol": (),
    "version": (),
    "verdict": (),
    "values": ("protocol",),
    "escape": (),
    "files": (),
    "worker": ("protocol",),
    "exercise": ("protocol", "values"),
    "engine": ("protocol", "values", "exercise"),
    "executors": ("protocol", "values", "exercise", "engine", "worker"),
    "checks": ("values", "exercise", "engine", "verdict"),
    "advice": ("values", "exercise", "engine", "checks"),
    "grade": (
        *("protocol", "values", "exercise", "engine", "executors"),
        *("checks", "advice", "verdict", "version", "escape"),
    ),
    "reporters": ("verdict", "escape"),
    "batch": (
        *("protocol", "values", "worker", "exercise", "engine", "executors", "checks", "advice"),
        *("grade", "verdict", "version", "escape", "files"),
    ),
}
IMPURE = ("asyncio", "socket", "time", "random", "os", "threading", "subprocess", "secrets")


def modules() -> list[Path]:
    return sorted(path for path in GRADER.rglob("*.py") if "installed_exercises" not in path.parts)


def part_of(path: Path) -> str:
    return path.relative_to(GRADER).parts[0].removesuffix(".py")


def imported_names(path: Path) -> list[str]:
    """Dotted names of what a module imports, at any depth of its code."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def parts_imported(path: Path) -> list[str]:
    return [
        name.split(".")[1]
        for name in imported_names(path)
        if name.split(".")[0] == "grader" and len(name.split(".")) > 1
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(GRADER)))
def test_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    if part in ("cli", "__main__", "__init__"):
        return
    allowed = {part, *MAY_IMPORT[part]}
    assert set(parts_imported(path)) <= allowed


def test_the_package_imports_nothing() -> None:
    assert imported_names(GRADER / "__init__.py") == []


def test_worker_and_protocol_import_the_standard_library_only() -> None:
    for path in [GRADER / "protocol.py", *(GRADER / "worker").glob("*.py")]:
        for name in imported_names(path):
            top = name.split(".")[0]
            assert top == "grader" or top in sys.stdlib_module_names, f"{path}: {name}"


def test_engine_imports_nothing_impure() -> None:
    for path in (GRADER / "engine").glob("*.py"):
        tops = {name.split(".")[0] for name in imported_names(path)}
        assert not tops & set(IMPURE), path


def test_only_the_commands_print_or_exit() -> None:
    for path in modules():
        if part_of(path) in ("cli", "__main__"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("print", "exit", "quit", "input"), path


def test_no_import_cycle_between_modules() -> None:
    graph: dict[str, set[str]] = {}
    names = {
        ".".join(("grader", *p.relative_to(GRADER).with_suffix("").parts)): p for p in modules()
    }
    for module, path in names.items():
        imported = set(imported_names(path))
        graph[module] = {
            other
            for other in names
            if other != module
            and any(name == other or name.rpartition(".")[0] == other for name in imported)
        }
    done: list[str] = []

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " → ".join((*above, module))
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*above, module))
            done.append(module)

    for module in sorted(graph):
        visit(module, ())


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(GRADER)))
def test_functions_and_modules_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # The loop may be long: it is one idea, and a call per callback would cost its speed.
    if path.name != "loop.py":
        assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
