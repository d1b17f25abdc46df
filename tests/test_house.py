"""The laws of the house that an import layer cannot say (DESIGN section 3): who may import whom, and what the core may not touch."""

import ast
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GATEWAY = ROOT / "gateway"

# What is named on the left is imported by those on the right alone (and by its own package).
ONLY_IMPORTED_BY = {
    "gateway.worker": frozenset(),
    "gateway.content": frozenset({"gateway.worker"}),
    "gateway.edges": frozenset({"gateway.app"}),
    "gateway.web.portal": frozenset({"gateway.app", "gateway.cli"}),
    "gateway.web.desk": frozenset({"gateway.app", "gateway.cli"}),
}

CORE = ("model", "mime", "detectors", "policy", "parse", "gather", "decide", "plan", "answer")
WORLD = frozenset(
    {"aiosmtpd", "asyncio", "concurrent", "fcntl", "http", "io", "logging", "mmap", "multiprocessing", "os", "random", "secrets", "select"}
    | {"selectors", "shutil", "signal", "socket", "socketserver", "sqlalchemy", "ssl", "structlog", "subprocess", "sys", "tempfile"}
    | {"threading", "time", "urllib", "uuid", "uvloop"}
)
# Harmless names of modules that otherwise reach the world: a buffer in memory is no file.
HARMLESS = frozenset({"io.BytesIO", "io.StringIO", "urllib.parse"})
CALLS = frozenset({"open", "input", "print", "exec", "eval", "breakpoint", "__import__"})
METHODS = frozenset(
    {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "rglob", "unlink", "mkdir"}
)


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each imported name in full with its line; `from a import b` counts as a.b."""
    package = _name(path).split(".") if path.name == "__init__.py" else _name(path).split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])]) if node.level else node.module or ""
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def _strangers(path: Path, tree: ast.Module) -> list[str]:
    """The imports of what is kept for others."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {_name(path)} may not import {kept}"
        for line, imported in _imports(path, tree)
        for kept, importers in ONLY_IMPORTED_BY.items()
        if _within(imported, kept) and not any(_within(_name(path), allowed) for allowed in (kept, *importers))
    ]


def _impure(path: Path, tree: ast.Module) -> list[str]:
    """What reaches out of a core module: imports of the world, calls that open, print or ask the clock."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: the core may not import {name}"
        for line, name in _imports(path, tree)
        if name.split(".")[0] in WORLD and not any(_within(name, harmless) for harmless in HARMLESS)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if called in (CALLS if isinstance(node.func, ast.Name) else METHODS):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: the core may not call {called}()")
    return found


def _files(*names: str) -> list[Path]:
    found = [GATEWAY / f"{name}.py" for name in names] + [path for name in names for path in (GATEWAY / name).rglob("*.py")]
    return sorted(path for path in found if path.exists())


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_only_those_allowed_import_worker_content_and_edges() -> None:
    assert not [line for path in sorted(GATEWAY.rglob("*.py")) for line in _strangers(path, _parsed(path))]


def test_the_core_touches_no_socket_file_clock_random_or_log() -> None:
    assert _files(*CORE)
    assert not [line for path in _files(*CORE) for line in _impure(path, _parsed(path))]


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("cli", "import gateway.worker"),
        ("app", "from gateway import content"),
        ("listen", "from gateway.edges import relay"),
        ("keeper", "from .edges.relay import Relay"),
        ("web/desk", "from .portal import page"),
    ],
)
def test_a_wrong_importer_is_seen(module: str, code: str) -> None:
    assert _strangers(GATEWAY / f"{module}.py", ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "import socket",
        "from time import monotonic",
        "import os.path",
        "from io import open",
        "open('x')",
        "datetime.now()",
        "path.read_bytes()",
    ],
)
def test_an_impure_core_is_seen(code: str) -> None:
    assert _impure(GATEWAY / "decide.py", ast.parse(code))


@pytest.mark.parametrize(
    "code", ["from io import BytesIO", "from urllib.parse import quote", "import re2", "from .model import Facts", "f.at"]
)
def test_a_pure_core_passes(code: str) -> None:
    assert not _impure(GATEWAY / "decide.py", ast.parse(code))


def test_every_exception_to_ruff_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line.lstrip().startswith('"') and line.split("#")[0].strip().strip('",').isalnum()]
    codes = json.dumps(tomllib.loads("\n".join(lines))["tool"]["ruff"]["lint"]["ignore"])

    assert len(rules) >= codes.count(",") + 1
    assert not [line for line in rules if "#" not in line]


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if line[:1].isalnum()]

    assert pins
    assert all("==" in pin for pin in pins)
    assert all(text.split(pin, 1)[1].lstrip(" \\\n").startswith("--hash=sha256:") for pin in pins)
    assert "://" not in text
    assert "index" not in text
