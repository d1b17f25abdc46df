"""The way of a recipient without scripts, from the link to the files."""

import hashlib
import io
import zipfile

import pytest

from tests.web.house import RECIPIENT, SENDER, House

FILES = {"report.pdf": b"%PDF-1.7 " + b"r" * 300_000, "\u202ecod.exe": b"turned", "a/b.txt": b""}


def test_a_link_opens_by_the_code_from_the_mailbox(portal: House) -> None:
    share, tokens = portal.share(FILES)
    browser = portal.browser()

    start = browser.get("/")
    assert start.status_code == 200
    opened = browser.post("/", key=f"{portal.url}/#{tokens[RECIPIENT]}")
    assert (opened.status_code, opened.headers["location"]) == (303, f"/{share.id}/code")
    page = browser.get(f"/{share.id}/code").text
    assert "k\u2022\u2022\u2022@partner.example" in page
    assert RECIPIENT not in page

    before = browser.client.cookies["outgate"]
    proved = browser.post(f"/{share.id}/code", code=portal.mailed_code())
    assert (proved.status_code, proved.headers["location"]) == (303, f"/{share.id}/files")
    assert browser.client.cookies["outgate"] != before

    page = browser.get(f"/{share.id}/files").text
    for name, octets in {"report.pdf": FILES["report.pdf"], "cod.exe": b"turned", "b.txt": b""}.items():
        assert f"<bdi>{name}</bdi>" in page
        assert hashlib.sha256(octets).hexdigest() in page
    fetched = browser.get(f"/{share.id}/files/1")
    assert fetched.content == FILES["report.pdf"]
    assert fetched.headers["content-disposition"] == 'attachment; filename="report.pdf"'
    assert fetched.headers["content-type"] == "application/octet-stream"
    assert browser.get(f"/{share.id}/files/3").content == b""


def test_all_files_come_as_one_archive(portal: House) -> None:
    _, tokens = portal.share(FILES)
    browser = portal.browser()
    number = browser.enter(tokens[RECIPIENT])
    archive = browser.get(f"/{number}/files/all")

    assert int(archive.headers["content-length"]) == len(archive.content)
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == {
            "report.pdf": FILES["report.pdf"],
            "cod.exe": b"turned",
            "b.txt": b"",
        }


def test_the_sender_sees_who_fetched_what_and_ends_it(portal: House) -> None:
    share, tokens = portal.share(FILES)
    recipient, sender = portal.browser(), portal.browser()
    recipient.enter(tokens[RECIPIENT])
    recipient.get(f"/{share.id}/files/1")
    sender.enter(tokens[SENDER])

    page = sender.get(f"/{share.id}/sent").text
    assert f'<bdi class="name">report.pdf</bdi> <span class="tag">Complete</span>\n    <span class="size"><bdi>{RECIPIENT}</bdi>' in page
    assert sender.get(f"/{share.id}/files/1").status_code == 403
    assert sender.get(f"/{share.id}/stop").status_code == 200
    assert sender.post(f"/{share.id}/stop").headers["location"] == "/stopped"
    assert portal.wishes("share-revoke") == 1
    assert recipient.get(f"/{share.id}/sent").status_code == 403
    assert recipient.post(f"/{share.id}/stop").status_code == 403


def test_leaving_ends_the_session_on_the_server(portal: House) -> None:
    _, tokens = portal.share(FILES)
    browser = portal.browser()
    number = browser.enter(tokens[RECIPIENT])
    kept = browser.client.cookies["outgate"]

    assert browser.post("/leave").headers["location"] == "/left"
    browser.client.cookies.set("outgate", kept)
    assert browser.get(f"/{number}/files").status_code == 403


@pytest.mark.parametrize(
    ("accepts", "tag", "direction"), [("ar-EG,en;q=0.5", "ar", "rtl"), ("es", "es", "ltr"), ("fr", "en", "ltr"), ("", "en", "ltr")]
)
def test_pages_speak_the_browsers_language(portal: House, accepts: str, tag: str, direction: str) -> None:
    page = portal.browser(**{"accept-language": accepts}).get("/")
    assert f'<html lang="{tag}" dir="{direction}">' in page.text
    assert page.headers["content-language"] == tag


def test_the_browsers_language_goes_before_the_message_s_and_a_choice_before_both(portal: House) -> None:
    share, tokens = portal.share(FILES, language="es-MX")
    browser, other = portal.browser(**{"accept-language": "ar, fr;q=0.1"}), portal.browser(**{"accept-language": "fr"})
    browser.enter(tokens[RECIPIENT])
    other.enter(tokens[RECIPIENT])

    assert '<html lang="ar"' in browser.get(f"/{share.id}/files").text
    assert '<html lang="es"' in other.get(f"/{share.id}/files").text
    assert '<html lang="en"' in other.get(f"/{share.id}/files?lang=en").text
    assert '<html lang="en"' in other.get(f"/{share.id}/files").text
