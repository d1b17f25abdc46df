"""Letters of other scripts that a person reads as Latin ones, to those. Pure data.

A part of the confusables of UTS #39: letters that look alike in the usual fonts, in either case, so that a marking written with them is
read as it is seen. A word that is honestly Russian or Greek loses nothing by it: the pack's own words are spelled the same way before they
are compared. Limits: letters with accents stay what they are, and so do digits that look like letters.
"""

# ruff: noqa: RUF001 - letters that look like others are what this file is about

from __future__ import annotations

_CYRILLIC = ("АВЕЅЗІЈКМНОРСТУХҮԌԚԜҺаеѕіјкмнорстухүԍԛԝһԁѵӏв", "ABES3IJKMHOPCTYXYGQWhaesijkmhopctyxygqwhdvlb")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺαικνορτυχϲϳ", "ABEZHIKMNOPTYXCMaikvoptuxcj")
_ARMENIAN = ("ՍՏՕհոսօցք", "USOhnuogp")
_CHEROKEE = ("ᎠᎡᎢᎪᎫᎬᎳᎷᎻᏀᏃᏆᏎᏒᏙᏚᏞᏟᏢᏦᏴᎥ", "DRTAJEWMHGZI4RVSLCPKBi")
_LISU = ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "BPDTGKJCZFMNLSRVHWXYAEIOU")
_SMALL_CAPITALS = ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "ABCDEFGHIJKLMNOPRSTUVWYZ")
_LATIN = ("ıɑɡɩ℮ⱭⱮ", "iagieAM")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIGNS = tuple(
    "".join(map(chr, range(first, first + 26))) for first in (0x1F1E6, 0x1F150, 0x1F170)
)  # flags; white on black, round and square

# By code point, for str.translate.
LOOKALIKES: dict[int, str] = {
    ord(seen): read
    for script, latin in (_CYRILLIC, _GREEK, _ARMENIAN, _CHEROKEE, _LISU, _SMALL_CAPITALS, _LATIN, *((signs, _LETTERS) for signs in _SIGNS))
    for seen, read in zip(script, latin, strict=True)
}
