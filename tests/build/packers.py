"""Archives made by the programs that people use: 7z, zip, tar, gcab, genisoimage, cpio, ar, zstd, xz. Files in, octets out."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

# What each makes; {files} are the names of the files, one below the other on its standard input where it reads them there.
_COMMANDS = {
    "7z": ["7z", "a", "-bd", "out"],
    "7z-encrypted": ["7z", "a", "-bd", "-psecret", "out"],
    "7z-hidden-names": ["7z", "a", "-bd", "-psecret", "-mhe=on", "out"],
    **{f"7z-{method}": ["7z", "a", "-bd", f"-m0={method}", "out"] for method in ("LZMA", "BZip2", "PPMd", "Deflate", "Deflate64", "Copy")},
    **{
        f"zip-{method}": ["7z", "a", "-bd", "-tzip", f"-mm={method}", "out"]
        for method in ("LZMA", "BZip2", "PPMd", "Deflate", "Deflate64", "Copy")
    },
    "zip": ["zip", "-q", "-r", "out"],
    "zip-encrypted": ["zip", "-q", "-P", "secret", "out"],
    "zip-aes": ["7z", "a", "-bd", "-tzip", "-mem=AES256", "-psecret", "out"],
    "cab": ["gcab", "-c", "out"],
    "cab-mszip": ["gcab", "-c", "-z", "out"],
    "iso": ["genisoimage", "-quiet", "-J", "-R", "-o", "out"],
    "iso-plain": ["genisoimage", "-quiet", "-o", "out"],
    "iso-udf": ["genisoimage", "-quiet", "-udf", "-o", "out"],
    "cpio": ["cpio", "--quiet", "-o", "-H", "newc", "-F", "out"],
    "cpio-odc": ["cpio", "--quiet", "-o", "-H", "odc", "-F", "out"],
    "cpio-bin": ["cpio", "--quiet", "-o", "-H", "bin", "-F", "out"],
    "ar": ["ar", "rc", "out"],
    "tar": ["tar", "-cf", "out"],
    "tar-v7": ["tar", "-H", "v7", "-cf", "out"],
    "tar-pax": ["tar", "-H", "posix", "-cf", "out"],
    "tar-gz": ["tar", "-czf", "out"],
    "tar-xz": ["tar", "-cJf", "out"],
    "tar-zst": ["tar", "--zstd", "-cf", "out"],
    "tar-Z": ["bsdtar", "-c", "--compress", "-f", "out"],
    "xar": ["bsdtar", "--format", "xar", "-cf", "out"],
    "warc": ["bsdtar", "--format", "warc", "-cf", "out"],
    "gz": ["gzip", "-c"],
    "bz2": ["bzip2", "-c"],
    "xz": ["xz", "-c"],
    "lzma": ["xz", "--format=lzma", "-c"],
    "zst": ["zstd", "-q", "-c"],
    **{how: ["bsdtar", "--format", "raw", f"--{how}", "-cf", "out"] for how in ("lz4", "lzip", "compress")},
}
PACKERS = tuple(_COMMANDS)


def packed(how: str, files: Mapping[str, bytes]) -> bytes:
    """The files, packed by a real program. Of the single-file compressors the first file."""
    with tempfile.TemporaryDirectory() as folder:
        for name, octets in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(octets)
        return _run(how, Path(folder), list(files))


def _run(how: str, folder: Path, names: list[str]) -> bytes:
    command = _COMMANDS[how]
    reads_names = how.startswith("cpio")
    is_single = command[-1] == "-c"
    takes_one = is_single or "raw" in command
    arguments = [*command, *([] if reads_names else names[:1] if takes_one else names)]
    given = "\n".join(names).encode() if reads_names else b""
    done = subprocess.run(arguments, cwd=folder, input=given, capture_output=True, check=True)
    if is_single:
        return done.stdout
    return next(path for path in folder.iterdir() if path.name.partition(".")[0] == "out").read_bytes()
