"""Links out: to services that share files and that the pack has not approved."""

import io
import zipfile
from collections.abc import Callable

import pikepdf
import pytest

from gateway.content import read
from gateway.content.reading import Budget
from gateway.detectors import scan
from gateway.model.finding import Patterns, Place
from tests.build import docx, pdf

PATTERNS = Patterns(
    detectors=frozenset({"link-out", "link-out-quoted"}),
    services=frozenset({"files.example"}),
    approved=frozenset({"council.sharepoint.com", "*.approved.dropbox.com"}),
)


def found(text: str) -> dict[str, tuple[int, str]]:
    return {item.id: (item.count, item.sample) for item in scan([(Place.FIRST_LINE, "body", text)], PATTERNS)}


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://www.dropbox.com/s/abc/plan.docx?dl=0", "www.dropbox.com"),
        ("see (http://we.tl/t-AbC123).", "we.tl"),
        ("drive.google.com/file/d/1a2b/view", "drive.google.com"),
        ("https://onedrive.live.com:443/?id=1", "onedrive.live.com"),
        ("https://other.sharepoint.com/:w:/g/x", "other.sharepoint.com"),
        ("https://council-my.sharepoint.com/personal/x", "council-my.sharepoint.com"),
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.dropbox.com%2Fs%2Fabc&data=1", "www.dropbox.com"),
        ("HTTPS://MEGA.NZ/FILE/x#y", "mega.nz"),
        ("https://team.files.example/a", "team.files.example"),
        ("https://user:secret@www.dropbox.com/s/abc", "www.dropbox.com"),
        ("https://www.dropbox.com\uff0fs\uff0fabc", "www.dropbox.com"),  # full-width slashes
        ("https://www.dr\u200bopbox.com/s/abc", "www.dropbox.com"),
    ],
)
def test_a_link_out(text: str, host: str) -> None:
    assert found(text) == {"link-out": (1, f"{host}/•••")}


@pytest.mark.parametrize(
    "text",
    [
        "We use Dropbox (dropbox.com) at home.",
        "https://www.dropbox.com",
        "support@dropbox.com",
        "https://notdropbox.com/s/abc",
        "https://dropbox.com.evil.example/s/abc",
        "https://council.sharepoint.com/sites/x",
        "https://a.approved.dropbox.com/s/abc",
        "https://www.gov.uk/guidance/securing-government-email",
        "https://www.example.org/dropbox.com.html",
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == {}


def test_different_links_are_counted() -> None:
    assert found("https://we.tl/a https://we.tl/a https://we.tl/b")["link-out"][0] == 2


def test_a_quoted_link_is_only_recorded() -> None:
    body = "Thanks!\n\nOn Monday Jo wrote:\n> https://we.tl/a\n"

    assert found(body) == {"link-out-quoted": (1, "we.tl/•••")}
    assert found(f"https://we.tl/b\n{body}") == {"link-out": (1, "we.tl/•••"), "link-out-quoted": (1, "we.tl/•••")}


def test_the_address_behind_the_words_of_an_html_link() -> None:
    new = '<p>The <a href="https://www.dropbox.com/s/abc?a=1&amp;b=2">plan</a></p>'
    old = '<blockquote type="cite"><p><a href="https://we.tl/t-1">mine</a></p></blockquote>'

    def evidence(page: str) -> dict[str, str]:
        (finding,) = read(
            page.encode(), id="1", names=(), declared_type="text/html", charset="utf-8", is_words=True, patterns=PATTERNS, budget=Budget()
        )
        return {item.id: item.where for item in finding.evidence}

    assert evidence(f"<html><body>{new}</body></html>") == {"link-out": "HTML body, not shown"}
    assert evidence(f"<html><body>Thanks{old}</body></html>") == {"link-out-quoted": "HTML body, not shown"}
    assert set(evidence(f"<html><body>{new}{old}</body></html>")) == {"link-out", "link-out-quoted"}


def _docx(link: str) -> bytes:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    more = f'<Relationship Id="rId99" Type="{kind}" Target="{link}" TargetMode="External"/></Relationships>'
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx(["see the plan"]))) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name).decode()
            new.writestr(name, data.replace("</Relationships>", more) if name == "word/_rels/document.xml.rels" else data)
    return made.getvalue()


def _pdf(link: str) -> bytes:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(["see the plan"]))) as file:
        act = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(link))
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=act)
        file.pages[0].obj["/Annots"] = pikepdf.Array([file.make_indirect(note)])
        file.save(made)
    return made.getvalue()


@pytest.mark.parametrize("document", [_docx, _pdf])
def test_the_address_behind_a_link_of_a_document(document: Callable[[str], bytes]) -> None:
    octets = document("https://www.dropbox.com/s/abc")
    (finding,) = read(octets, id="1", names=("plan",), declared_type="", charset=None, is_words=False, patterns=PATTERNS, budget=Budget())

    assert [(item.id, item.sample) for item in finding.evidence] == [("link-out", "www.dropbox.com/•••")]
