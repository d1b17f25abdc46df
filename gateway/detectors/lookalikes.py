"""Letters of other scripts that a person reads as Latin ones, to those. Pure data.

A part of the confusables of UTS #39: letters that look alike in the usual fonts, in either case, so that a marking written with them is
read as it is seen. A word that is honestly Russian or Greek loses nothing by it: the pack's own words are spelled the same way before they
are compared. Limits: letters with accents stay what they are, and so do digits that look like letters.
"""

# ruff: noqa: RUF001 - letters that look like others are what this file is about

from __future__ import annotations

_CYRILLIC = ("АВЕЅЗІЈКМНОРСТУХҮԌԚԜҺѴӀЬаеѕіјкмнорстухүԍԛԝһԁѵӏвгҽѡꙇ", "ABES3IJKMHOPCTYXYGQWhVIbaesijkmhopctyxygqwhdvlbrewi")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺϜͿαικνορτυχϲϳσγᴦ", "ABEZHIKMNOPTYXCMFJaikvoptuxcjoyr")
_COPTIC = ("ⲀⲂⲈⲌⲎⲒⲔⲘⲚⲞⲢⲤⲦⲨⲬⳐ", "ABEZHIKMNOPCTYXL")
_ARMENIAN = ("ՍՏՕհոսօցքռգզա", "USOhnuogpnqqw")
_CHEROKEE = ("ᎠᎡᎢᎪᎫᎬᎳᎷᎻᏀᏃᏆᏎᏒᏙᏚᏞᏟᏢᏦᏴᎥᎩᎽᏂᏏᏔᏕᏧᏳ", "DRTAJEWMHGZI4RVSLCPKBiYYhbWSdG")
_LISU = ("ꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "BPdDTGKJCZFMNLSRVHWXYAEIOU")
_CANADIAN = ("ᗅᑲᖯᗷᑯᗞᗪᖴᕼᒍᒪᗰᑭᖇᑌᐯᕁᕽ᙭", "AbbBdDDFHJLMPRUVxxX")
_TIFINAGH = ("ⴹⵏⵔⵕⴸⵝ", "EIOQVX")
_RUNIC = ("ᛕᛁᛖᚷ", "KIMX")
_DESERET = ("𐐽𐐕𐐛𐐬𐐄𐑈𐐠", "cCLoOsS")
_OSAGE = ("𐓪𐓂𐒴𐓶𐓎", "oORuU")
_OLD_ITALIC = ("𐌁𐌂𐌠𐌉𐌑𐌕𐌢𐌗", "BCIIMTXX")
_CARIAN = ("𐊠𐊡𐊢𐊥𐋏𐊰𐊫𐊱𐊴𐊲", "ABCFHMOTXY")
_LYCIAN = ("𐊂𐊆𐊇𐊊𐊒𐊕𐊖𐊗𐊐", "BEFIOPSTX")
_ELBASAN = ("𐔜𐔥𐔘𐔦𐔓𐔖𐔝𐔧", "CFKLNOVX")
_WARANG_CITI = ("𑣲𑢦𑢮𑣂𑢢𑣃𑢣𑢲𑣈𑣗𑢵𑣁𑢼𑣘𑢸𑣀𑢠𑣯𑣬𑣜𑢤𑣄𑢩", "CEEFFiLLooOsTuUvVWXyYzZ")
_MIAO = ("𖽀𖼨𖼖𖼵𖼺𖼊𖽂𖼈𖽃", "AILRSTUVY")
_SMALL_CAPITALS = ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "ABCDEFGHIJKLMNOPRSTUVWYZ")
_LATIN = ("ıɑɡɩ℮ⱭⱮᴑʋɯɣꞟꞘꞙꬵꞲꞴꬲƦ⍺⍳⍴", "iagieAMouwyuFffJBeRaip")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIGNS = tuple(
    "".join(map(chr, range(first, first + 26))) for first in (0x1F1E6, 0x1F150, 0x1F170)
)  # flags; white on black, round and square

_SMALL = (tuple(map(str.lower, script)) for script in (_COPTIC, _CHEROKEE))  # drawn as the capitals are, and smaller

# By code point, for str.translate.
LOOKALIKES: dict[int, str] = {
    ord(seen): read
    for script, latin in (
        *(_CYRILLIC, _GREEK, _COPTIC, _ARMENIAN, _CHEROKEE, *_SMALL, _LISU, _CANADIAN, _TIFINAGH, _RUNIC, _DESERET, _OSAGE),
        *(_OLD_ITALIC, _CARIAN, _LYCIAN, _ELBASAN, _WARANG_CITI, _MIAO, _SMALL_CAPITALS, _LATIN),
        *((signs, _LETTERS) for signs in _SIGNS),
    )
    for seen, read in zip(script, latin, strict=True)
}
