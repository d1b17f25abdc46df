"""Files in the middle of text, by uuencode, xxencode, yEnc and base64, however the text is written that shows them.

What stands in the file is nowhere in clear; the lines of its encoding begin where a mail program, a browser or a word processor begins them.
"""

import base64
import binascii
import gzip
import html
import json
from collections.abc import Iterator

from tests.build import docx, pdf, prose
from tests.corpus.entries import SECRET, WORD, Technique, carrying, mail, raw

_OCTETS = SECRET.encode()
_UU = "".join(binascii.b2a_uu(_OCTETS[at : at + 45]).decode() for at in range(0, len(_OCTETS), 45))
_LINES = ("begin 644 list.txt", *_UU.splitlines(), "`", "end")
_TO_XX = str.maketrans(
    {32 + at: sign for at, sign in enumerate("+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")} | {96: "+"}
)
_XX = (_LINES[0], *(line.translate(_TO_XX) for line in _LINES[1:-1]), "end")
_B64 = ("begin-base64 644 list.txt", *base64.encodebytes(_OCTETS).decode().splitlines(), "====")
_SHIFTED = bytes((octet + 42) % 256 for octet in _OCTETS).decode("latin-1")
_YENC = (f"=ybegin line=128 size={len(_OCTETS)} name=list.txt", _SHIFTED, f"=yend size={len(_OCTETS)}")
_PLAIN = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"


def techniques() -> Iterator[Technique]:
    for name, page in _pages().items():
        yield _found(f"HTML body: {name}", mail(html=page))
    for name in ("a break at each line end", "a paragraph for each line", "line ends as references", "preformatted by a style"):
        yield _found(f"HTML file: {name}", carrying("page.html", _pages()[name].encode(), "text/html"))
    yield _found("HTML file: UTF-16", carrying("page.html", _pages()["a break at each line end"].encode("utf-16"), "text/html"))
    for name, text in _plain().items():
        yield _found(f"plain body: {name}", raw(_PLAIN + text))
    for name, octets in _files().items():
        yield _found(f"file: {name}", octets)
    yield from _bare()


def _bare() -> Iterator[Technique]:
    """Base64 that nothing announces."""
    for name, octets in _announced_by_nothing().items():
        yield _found(name, octets)
    for name, octets in _torn().items():
        yield Technique("files in text", name, "unreadable", "damaged", octets)


def _torn() -> dict[str, bytes]:
    """A file of base64 with something between its lines that whoever saves it takes out."""
    lines = base64.encodebytes(docx([SECRET])).decode().splitlines()
    page = base64.b64encode(pdf([SECRET]).partition(b"xref")[0]).decode()
    return {
        "base64 with numbered lines": mail(text="\n".join(f"{number}: {line}" for number, line in enumerate(lines, 1))),
        "base64 with dots at each line end": mail(text="...\n".join(lines)),
        "a page without its end before dots": mail(text=f"Please save this as a.pdf:\n\n{page} ..\n"),
        "base64 in strings of a script": carrying("a.js", ("f = '" + "' +\n    '".join(lines) + "';\n").encode(), "text/javascript"),
    }


def _announced_by_nothing() -> dict[str, bytes]:
    file = docx([SECRET])
    one, lines = base64.b64encode(file).decode(), base64.encodebytes(file).decode()
    words = base64.b64encode(SECRET.encode()).decode()
    smuggled = (
        f"<html><body>Hello.<script>var f='{one}';var b=new Blob([Uint8Array.from(atob(f),c=>c.charCodeAt(0))]);</script></body></html>"
    )
    page = base64.b64encode(smuggled.encode()).decode()
    cut = base64.b64encode(pdf([SECRET]).partition(b"startxref")[0]).decode()
    broken = base64.b64encode(gzip.compress((SECRET + prose(300)).encode(), mtime=0)[:-8]).decode()
    fhir = {"resourceType": "Binary", "contentType": WORD, "data": one}
    note = {"resourceType": "DocumentReference", "content": [{"attachment": {"contentType": "text/plain", "data": words}}]}
    return {
        "a script of an HTML file": carrying("page.html", smuggled.encode(), "text/html"),
        "a script of an HTML body": mail(html=smuggled),
        "a script in a page in a script": carrying("page.html", f'<script>document.write(atob("{page}"))</script>'.encode(), "text/html"),
        "FHIR": carrying("binary.json", json.dumps(fhir).encode(), "application/fhir+json"),
        "FHIR with escapes": carrying("binary.json", json.dumps(fhir).replace("/", "\\/").replace("+", "\\u002B").encode(), "application/json"),
        "a note in FHIR": carrying("note.json", json.dumps(note).encode(), "application/json"),
        "JSON with line ends": carrying("a.json", json.dumps({"file": lines}).encode(), "application/json"),
        "HL7": carrying("oru.hl7", f"MSH|^~\\&|A|B|C|D\rOBX|1|ED|DOC^Letter||^Application^DOCX^Base64^{one}||||||F\r".encode(), "text/plain"),
        "XML": carrying("case.xml", f'<?xml version="1.0"?><case><file name="a.docx">{one}</file></case>'.encode(), "text/xml"),
        "XML with references for line ends": carrying("case.xml", f"<case><file>{lines.replace(chr(10), '&#13;' + chr(10))}</file></case>".encode(), "text/xml"),
        "a file of nothing but base64": carrying("a.txt", lines.encode(), "text/plain"),
        "base64 in a plain body": mail(text=f"Please save this as a.docx:\n\n{lines}"),
        "base64 in a quotation": mail(text="> " + lines.replace("\n", "\n> ")),
        "base64 in an HTML body": mail(html=f"<p>Please save this:</p><p>{lines.replace(chr(10), '<br>' + chr(10))}</p>"),
        "a whole file before dots": mail(text=f'{{"content":"{one}..."}}\n'),
        "a page without its end, said to be cut": mail(text=f'{{"content":"{cut}...(truncated)"}}\n'),
        "a broken stream in a link": mail(text=f"See https://x.example/?d={broken} there.\n"),
        "a command of PowerShell": carrying("run.bat", f"powershell -enc {base64.b64encode(SECRET.encode('utf-16-le')).decode()}\r\n".encode(), "text/plain"),
    }  # fmt: skip


def _found(name: str, octets: bytes) -> Technique:
    return Technique("files in text", name, "detector", "nhs-number", octets)


def _pages() -> dict[str, str]:
    lines = [html.escape(line, quote=False) for line in _LINES]
    yenc = [html.escape(line, quote=False) for line in _YENC]
    cells = "".join(f"<tr><td>{line}</td></tr>" for line in lines)
    return {
        "a break at each line end": "<p>See below.</p>" + "<br>\r\n".join(lines),
        "a break and no line end": "<p>See below.<br>" + "<br/>".join(lines) + "<br>Regards",
        "line ends as references": "<p>" + "&#10;".join(lines),
        "line ends as references, in a tag's attribute": f'<p title="{"&#10;".join(html.escape(line) for line in _LINES)}">See there.</p>',
        "a paragraph for each line": "".join(f"<p>{line}</p>\r\n" for line in lines),
        "an indented block for each line": "".join(f"\r\n    <div>\r\n        <span>{line}</span>\r\n    </div>" for line in lines),
        "preformatted": "<pre>" + "\r\n".join(lines) + "</pre>",
        "preformatted by a style": '<div style="white-space: pre">' + "\r\n".join(lines) + "</div>",
        "a text field": "<textarea>" + "\r\n".join(lines) + "</textarea>",
        "a table": f"<table>{cells}</table>",
        "a list": "<ul>" + "".join(f"<li>{line}" for line in lines) + "</ul>",
        "a quotation": '<blockquote type="cite">' + "<br>".join(lines) + "</blockquote>",
        "hard blanks": "<br>".join(line.replace(" ", "&nbsp;") for line in lines),
        "every character a reference": "<br>".join("".join(f"&#{ord(sign)};" for sign in line) for line in _LINES),
        "its first word in two elements": "<br>".join(lines).replace("begin", "be<b></b>gin"),
        "its first word with a character of no width": "<br>".join(lines).replace("begin", "be&#8203;gin"),
        "its first word with a soft hyphen": "<br>".join(lines).replace("begin", "be&shy;gin"),
        "hidden": '<p>See below.</p><div style="display:none">' + "<br>".join(lines) + "</div>",
        "a comment": "<p>See below.</p><!--\r\n" + "\r\n".join(lines) + "\r\n-->",
        "words before the first line": "<br>".join((lines[0], "this is the list that you wanted", *lines[1:])),
        "blanks for zeros, preformatted": "<pre>" + "\r\n".join(lines).replace("`", " ") + "</pre>",
        "begin-base64": "<br>".join(_B64),
        "xxencode": "<br>".join(_XX),
        "yEnc": "<br>".join(yenc),
        "yEnc, preformatted": "<pre>" + "\r\n".join(yenc) + "</pre>",
        "yEnc as references": "<br>".join("".join(f"&#{ord(sign)};" for sign in line) for line in _YENC),
    }


def _plain() -> dict[str, str]:
    return {
        "quoted": "\n".join(f"> {line}" for line in _LINES),
        "quoted twice": "\n".join(f">> {line}" for line in _LINES),
        "indented": "\n".join(f"    {line}" for line in _LINES),
        "indented by hard blanks": "\n".join(f"\u00a0\u00a0{line}" for line in _LINES),
        "hard blanks": "\n".join(_LINES).replace(" ", "\u00a0"),
        "a blank line between the lines": "\n\n".join(_LINES),
        "words before the first line": "\n".join((_LINES[0], "this is the list that you wanted", *_LINES[1:])),
        "its first word with a character of no width": "\n".join(_LINES).replace("begin", "be\u200bgin"),
        "xxencode": "\n".join(_XX),
        "begin-base64, quoted": "\n".join(f"> {line}" for line in _B64),
        "yEnc, quoted": "\n".join(f"> {line}" for line in _YENC),
        "yEnc": "\n".join(_YENC),
    }


def _files() -> dict[str, bytes]:
    rtf = r"{\rtf1\ansi See below.\par " + r"\line ".join(line.replace("\\", "\\\\") for line in _LINES) + "}"
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Kim\r\nNOTE:"
        + "\\n".join(line.replace("\\", "\\\\") for line in _LINES).replace(",", "\\,").replace(";", "\\;")
        + "\r\nEND:VCARD\r\n"
    )
    return {
        "UTF-16 text": carrying("list.txt", "\r\n".join(_LINES).encode("utf-16"), "text/plain"),
        "text with CR line ends": carrying("list.txt", "\r".join(_LINES).encode(), "text/plain"),
        "RTF": carrying("list.rtf", rtf.encode(), "application/rtf"),
        "docx": carrying("list.docx", docx(list(_LINES)), WORD),
        "a card's note": carrying("kim.vcf", card.encode(), "text/vcard"),
    }
