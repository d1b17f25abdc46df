"""Raw material: incompressible octets, pictures and English-looking text, each from a seed."""

import hashlib
import struct
import zlib
from functools import cache

_VOCABULARY = """
about account across action added address after again against agenda agreed along already although amount another answer
appendix approach area around asked available average balance based because before begin behind below benefit better between
board book branch budget building business called candidate careful carried centre certain change chapter charge choice city
claim class clear client close colleague committee common community company complete condition consider contact contract
copy correct cost council county course cover current customer daily date deadline decision delivery department describe
design detail develop different direct discuss document draft during early effect either enough entry estimate evening event
every evidence example except expect expense explain extra family feature figure final finance first follow forecast form
forward further future general give given good group guidance half hand happen health heard help high history hold home hope
hour house however idea important improve include increase inform inside instead interest invoice issue item January journey
keep known language large later learn leave letter level library likely limit line list little local long look made main
manager March matter measure meeting member message method might minute money month more morning most move much name near
need never next north note notice number offer office often open option order other outside over owner page paper part
partner past pattern people percent period person phone place plan point policy position possible practice prepare present
price problem process produce programme progress project proposal provide purpose quarter question quick
quite range rather reach read ready reason receive recent record reduce region regular remain reply report request require
research resource rest result return review right road room round rule safe same school section see sense service
several share short should show side simple since site small some soon source south space special spend staff stage standard
start state still stock store street strong study subject such summary supplier supply support sure system table take target
team term test their theme there thing think third this though through time title today together total toward town trade
training travel treatment trust under unit until update usual value various version view visit voice volume wait want
water week well west where which while whole whose wide within without word work world would write year yellow yesterday young
"""
_WORDS = tuple(_VOCABULARY.split())


def noise(octets: int, seed: str = "noise") -> bytes:
    """Octets that no compression shortens."""
    return hashlib.shake_128(seed.encode()).digest(octets)


def prose(words: int, seed: str = "prose") -> str:
    """Sentences of 8 to 15 words in paragraphs of six sentences, parted by an empty line."""
    dice = noise(2 * words + 64, seed)
    chosen = [_WORDS[int.from_bytes(dice[2 * at : 2 * at + 2], "big") % len(_WORDS)] for at in range(words)]
    sentences: list[str] = []
    at = 0
    while at < words:
        length = 8 + dice[len(sentences) % len(dice)] % 8
        sentence = " ".join(chosen[at : at + length])
        sentences.append(sentence[0].upper() + sentence[1:] + ".")
        at += length
    return "\n\n".join(" ".join(sentences[first : first + 6]) for first in range(0, len(sentences), 6))


@cache
def png(width: int = 16, height: int = 16, seed: str | None = None) -> bytes:
    """A picture of RGB pixels: one flat colour, or with a seed a noise that does not compress (3 octets a pixel)."""
    row = 3 * width
    pixels = bytes((40, 90, 160)) * (width * height) if seed is None else noise(row * height, seed)
    lines = b"".join(b"\0" + pixels[at : at + row] for at in range(0, row * height, row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
