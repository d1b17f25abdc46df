"""Documents by LibreOffice: old binary formats and ODF, which people still send. All of a run are made in one start of the program."""

import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FORMATS = {"doc": "doc:MS Word 97", "xls": "xls:MS Excel 97", "ppt": "ppt:MS PowerPoint 97", "rtf": "rtf:Rich Text Format"}


def converted(files: Mapping[str, bytes], to: str) -> dict[str, bytes]:
    """Each file in another format (doc, xls, ppt, odt, ods, odp, rtf, pdf), by its new name. One start for all of them."""
    with tempfile.TemporaryDirectory(prefix="og-office-") as folder:
        sources, results = Path(folder, "in"), Path(folder, "out")
        sources.mkdir()
        for name, octets in files.items():
            (sources / name).write_bytes(octets)
        command = ["soffice", f"-env:UserInstallation=file://{_profile()}", "--headless", "--norestore"]
        command += ["--convert-to", _FORMATS.get(to, to), "--outdir", str(results), *(str(sources / name) for name in files)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        made = {f"{name.rpartition('.')[0]}.{to}": results / f"{name.rpartition('.')[0]}.{to}" for name in files}
        return {name: path.read_bytes() for name, path in made.items()}


@cache
def _profile() -> str:
    """A user's settings of its own: a second start is quicker, and nothing else is disturbed."""
    return tempfile.mkdtemp(prefix="og-office-user-")
