"""The stylesheet, the script and the mark: read once, named by their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import OutgateError

_FOLDER = Path(__file__).resolve().parent.parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


class NoSuchFile(OutgateError):
    """Nothing of ours has this name."""


class Static:
    """The files, by the names that pages use for them."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._urls: dict[str, str] = {}
        self._files: dict[str, tuple[bytes, str]] = {}
        for path in sorted(folder.iterdir()):
            octets = path.read_bytes()
            name = f"{path.stem}.{hashlib.sha256(octets).hexdigest()[:16]}{path.suffix}"
            self._urls[path.name] = f"/static/{name}"
            self._files[name] = (octets, _TYPES[path.suffix])

    def url(self, name: str) -> str:
        """Where a page finds it."""
        return self._urls[name]

    async def answer(self, request: Request) -> Response:
        """Raises NoSuchFile. Only names that were made here are known: no path of a request reaches a disk."""
        found = self._files.get(str(request.path_params["name"]))
        if found is None:
            raise NoSuchFile("no such file")
        return Response(found[0], media_type=found[1], headers={"cache-control": _FOR_EVER})
