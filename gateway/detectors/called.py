"""Where the name of a person or of a job stands: nobody's name is a marking by chance, but a single daily word may open one. Pure."""

from __future__ import annotations


class Called(str):
    """The name of a place that says what somebody is called (FN and TITLE of RFC 6350); its text is read like the title of an invitation.

    `OFFICIAL-SENSITIVE: Kim` and `[SECRET] agent` are marked; `SECRET - AGENT LTD` is a firm.
    """

    __slots__ = ()
