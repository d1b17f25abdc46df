"""message.rpmsg as Outlook writes it ([MS-OXORMMS] 2.2.3): a compound file in blocks of zlib. What is protected is noise here."""

import struct
import zlib
from collections.abc import Mapping

from tests.build.octets import noise
from tests.content.compound import compound

MAGIC = bytes.fromhex("76e80460c411e386")
_BLOCK = 4096
_LICENCE = (
    '<?xml version="1.0"?><XrML xmlns="" version="1.2"><BODY type="Microsoft Rights Label" version="3.0">'
    "<DESCRIPTOR><OBJECT><ID type='MS-GUID'>{10000000-0000-0000-0000-000000000003}</ID>"
    "<NAME>LCID 1033:NAME OFFICIAL-SENSITIVE:DESCRIPTION For colleagues only;</NAME></OBJECT></DESCRIPTOR></BODY></XrML>"
)
_VERSION = struct.pack("<I", 60) + "Microsoft.Container.DataSpaces".encode("utf-16-le") + struct.pack("<3I", 1, 1, 1)


def rights_protected(beside: Mapping[str, bytes] | None = None, content: bytes = b"", licence: str = _LICENCE) -> bytes:
    """`beside`: further streams; `content`: stands in the middle of what is encrypted."""
    streams = {
        "\x06DataSpaces/Version": _VERSION,
        "\x06DataSpaces/TransformInfo/\x09DRMTransform/\x06Primary": licence.encode(),
        "\x09DRMContent": noise(9000, "rights") + content + noise(9000, "more"),
    }
    return packed_blocks(compound({**streams, **(beside or {})}))


def packed_blocks(octets: bytes, *, each: bool = False) -> bytes:
    """Any octets in such blocks; with `each` every block is a zlib of its own."""
    packer, blocks = zlib.compressobj(), []
    for at in range(0, len(octets), _BLOCK):
        piece = octets[at : at + _BLOCK]
        is_last = at + _BLOCK >= len(octets)
        block = zlib.compress(piece) if each else packer.compress(piece) + packer.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)
        blocks.append(struct.pack("<III", 0xFA0, len(piece), len(block)) + block)
    return MAGIC + b"".join(blocks)
