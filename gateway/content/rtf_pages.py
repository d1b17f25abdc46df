"""Which page headers and footers of an RTF document stand on pages that are shown (RTF 1.9.1, section formatting). Pure.

In: the destinations of page edges as they begin, the ends of sections. Out: whether one is shown. Of each kind a section has its last one,
else that of the section before; on first pages where it asks for them (titlepg), on left ones where the document does (facingp).
"""

from __future__ import annotations

# Destinations whose content is not the text of the document: nothing in them is about its pages. Results of fields are text.
APART = frozenset(
    {
        *("aftncn", "aftnsep", "aftnsepc", "annotation", "atnauthor", "atndate", "atnicn", "atnid", "atnparent", "atnref", "atntime"),
        *("atrfend", "atrfstart", "author", "background", "bkmkend", "bkmkstart", "blipuid", "buptim", "category", "colorschememapping"),
        *("colortbl", "comment", "company", "creatim", "datafield", "datastore", "defchp", "defpap", "do", "doccomm", "docvar"),
        *("dptxbxtext", "ebcend", "ebcstart", "factoidname", "falt", "fchars", "ffdeftext", "ffentrymcr", "ffexitmcr", "ffformat"),
        *("ffhelptext", "ffl", "ffname", "ffstattext", "file", "filetbl", "fldinst", "fldtype", "fname", "fontemb", "fontfile", "fonttbl"),
        *("footnote", "formfield", "ftncn", "ftnsep", "ftnsepc", "generator", "gridtbl", "hl", "hlfr", "hlinkbase", "hlloc", "hlsrc"),
        *("hsv", "htmltag", "info", "keycode", "keywords", "latentstyles", "lchars", "levelnumbers", "leveltext", "lfolevel", "linkval"),
        *("list", "listlevel", "listname", "listoverride", "listoverridetable", "listpicture", "liststylename", "listtable", "listtext"),
        *("lsdlockedexcept", "mailmerge", "manager", "mhtmltag", "mmath", "mmathpict", "mmathpr", "moMath", "moMathPara", "mmathPict"),
        *("mmathPr", "nesttableprops", "nextfile", "nonesttables", "nonshppict", "objalias", "objclass", "objdata", "object", "objname"),
        *("objsect", "objtime", "oldcprops", "oldpprops", "oldsprops", "oldtprops", "oleclsid", "operator", "panose", "password"),
        *("passwordhash", "pgdsctbl", "pgp", "pgptbl", "picprop", "pict", "pn", "pnseclvl", "pntext", "pntxta", "pntxtb", "printim"),
        *("private", "propname", "protend", "protstart", "protusertbl", "pxe", "result", "revtbl", "revtim", "rsidtbl", "rxe", "shp"),
        *("shpgrp", "shpinst", "shppict", "shprslt", "shptxt", "sn", "sp", "staticval", "stylesheet", "subject", "sv", "svb", "tc", "tcn"),
        *("template", "themedata", "title", "txe", "ud", "upr", "userprops", "wgrffmtfilter", "windowcaption", "writereservation"),
        *("writereservhash", "xe", "xform", "xmlattrname", "xmlattrvalue", "xmlclose", "xmlname", "xmlnstbl", "xmlopen"),
    }
)


class Sections:
    """Of one document."""

    __slots__ = ("_begun", "_current", "_left", "_shown", "is_facing")

    def __init__(self) -> None:
        self.is_facing = False  # left pages have edges of their own
        self._begun = 0
        self._current: dict[str, int] = {}  # of this section: edges by their word
        self._shown: set[int] = set()
        self._left: set[int] = set()  # that are shown where pages face each other

    def begin(self, word: str) -> int:
        """A page header or footer in the text, by its word ("headerf"); its number, from 1."""
        self._begun += 1
        self._current[word] = self._begun
        return self._begun

    def end(self, *, has_title: bool) -> None:
        """The section is at its end; whether its first page has edges of its own."""
        for word, number in self._current.items():
            if word.endswith("l"):
                self._left.add(number)
            elif has_title or not word.endswith("f"):
                self._shown.add(number)

    def has(self, number: int) -> bool:
        """Whether pages of the document have this header or footer."""
        return number in self._shown or (self.is_facing and number in self._left)
