"""A policy pack on disk: a folder to octets. What they mean is parse_pack's business.

Limits: 500 files, 4 MB together; nothing is followed out of the folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.errors import BadPack, Problem

MAX_FILES = 500
MAX_OCTETS = 4 * 1_048_576


def read_pack(folder: Path) -> dict[str, bytes]:
    """Every file of the pack, by its path in the folder with forward slashes; hidden files and symbolic links out of it are left out.

    Raises:
        BadPack: no such folder, too large, or a file that cannot be read.
    """
    if not folder.is_dir():
        raise BadPack((Problem(os.path.normpath(folder), 0, 0, "is no folder; a pack is a folder of YAML, such as rules/starter"),))
    files: dict[str, bytes] = {}
    root, total = folder.resolve(), 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or any(piece.startswith(".") for piece in name.split("/")) or not path.resolve().is_relative_to(root):
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BadPack((Problem(str(path), 0, 0, f"cannot be read: {error.strerror}"),)) from error
        total += len(data)
        if len(files) >= MAX_FILES or total > MAX_OCTETS:
            raise BadPack((Problem(str(path), 0, 0, "the pack is too large: at most 500 files and 4 MB together"),))
        files[name] = data
    return files
