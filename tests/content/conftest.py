"""Real office documents, made by LibreOffice from the sources of tests/build once for a whole run, whatever the number of workers."""

import fcntl
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.build import office_sources
from tests.build.libreoffice import converted

_TARGETS = {"text.fodt": ("docx", "doc", "odt", "rtf", "pdf"), "sheets.fods": ("xlsx", "xls", "ods"), "slides.fodp": ("pptx", "ppt", "odp")}


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Mapping[str, bytes]:
    """The documents by ending: docx doc odt rtf pdf xlsx xls ods pptx ppt odp, and the flat sources fodt fods fodp."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "office-documents"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            _make(folder)
            (folder / "done").touch()
    return {path.suffix[1:]: path.read_bytes() for path in folder.iterdir() if path.suffix}


def _make(folder: Path) -> None:
    sources = {"text.fodt": office_sources.text(), "sheets.fods": office_sources.sheets(), "slides.fodp": office_sources.slides()}
    made = dict(sources)
    for name, endings in _TARGETS.items():
        for ending in endings:
            made |= converted({name: sources[name]}, ending)
    for name, octets in made.items():
        (folder / name).write_bytes(octets)
