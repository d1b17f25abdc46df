r"""Papers in TeX and LaTeX: their words without commands. Pure.

In: a text. Out: the words as they would be set: \textbf{485} 777\,3457 is 485 777 3457, and what stands in the braces of another command,
like \fancyhead[C]{...}, begins a line. Limits: what commands of the paper's own make of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.content.reading import Item, Spent
from gateway.model.finding import Place

_SIGNS = ("\\documentclass", "\\documentstyle", "\\begin{document}", "\\usepackage", "\\fancyhead", "\\bye")
_CODES = re.compile(
    r"%[^\n]*+(?:\n[ \t]*+)?"  # a comment takes the end of its line with it
    r"|\\(?P<kind>text[a-z]{2,10}|emph|underline|mbox|bf|it|rm|sf|tt|em|bfseries|itshape|[hH]box)\b\s?(?=[{\w])"
    r"|\\(?P<blank>[,;:>~ ]|q?quad\b|[hv]space\*?\{[^{}]{0,80}\}|thinspace\b|space\b)|(?P<tie>~)"
    r"|\\(?P<nothing>[!/\-@]|relax\b|kern-?[0-9.]{1,10}[a-z]{2})"
    r"|\\(?P<sign>[&%$#_{}])"
    r"|\\(?:\\|[A-Za-z@]{1,60}\*?)(?:\[[^\[\]\n]{0,200}\])?"
    r"|[{}]"
)


def read_tex(text: str, where: str, _spent: Spent) -> Iterator[Item]:
    """The words, if the text is one in TeX; quick when it is none."""
    if "\\" in text and any(sign in text for sign in _SIGNS):
        yield Place.TEXT, f"{where}, typeset", _CODES.sub(_set, text)


def _set(code: re.Match[str]) -> str:
    """What a command leaves."""
    if code["sign"]:
        return code["sign"]
    if code["blank"] or code["tie"]:
        return " "
    return "\n" if code[0].startswith("\\") and not (code["kind"] or code["nothing"]) else ""
