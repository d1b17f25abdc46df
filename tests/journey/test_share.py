"""Files that go by link, from the sender's Postfix to the recipient's browser: which are replaced, what else arrives, who opens what.

By the starter pack as it is, with links of our own.
"""

import email
import email.policy
import hashlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gateway.mime.decode import decode
from gateway.parse import parse_buffer
from tests.build import docx, message, pdf, png
from tests.edges.signatures import signatures, verified
from tests.journey.chain import Chain
from tests.journey.chain import chain as started
from tests.journey.gateway import REPOSITORY
from tests.journey.site import OWN, WORD
from tests.peers import needs_root, wait_until
from tests.web.chromium import PHONE, chromium, context, is_wider_than_its_window, violations

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_root]

MB = 1_048_576
PDF = "application/pdf"
OUTSIDER, PARTNER = "kim@elsewhere.example", "sam@legal.trusted.example"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with started(REPOSITORY / "rules" / "starter", "X-Encrypt: yes") as found:
        found.new_key("--selector", "r1")
        found.sign_by(f'sign = {{r1 = "var/dkim/{OWN}.r1.key"}}')
        found.start()
        yield found


def arrived(chain: Chain, end: str, to: str, words: str) -> list[bytes]:
    """Every message for this recipient with these words in its header section, once there is one."""
    return chain.arrived(end, to, lambda octets: words.encode() in octets.partition(b"\r\n\r\n")[0])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def subject() -> str:
    return f"Number-{next(_numbers)}."


def parts_of(octets: bytes) -> list[tuple[str, bytes]]:
    """Names and encoded octets of every leaf."""
    found = parse_buffer(octets)
    holders = {part.parent for part in found.parts}
    return [(" ".join(part.names), octets[part.header.start : part.body.end]) for part in found.parts if part.id not in holders]


def decoded(octets: bytes, name: str) -> bytes:
    part = next(one for one in parse_buffer(octets).parts if name in one.names)
    return b"".join(decode(octets, part.body, part.encoding))


def link_in(octets: bytes, url: str) -> str:
    body = email.message_from_bytes(octets, policy=email.policy.default).get_body(("plain",)).get_content()
    (link,) = set(re.findall(rf"{re.escape(url)}/#\S+", body))
    return link


def is_the_rest(copy: bytes, octets: bytes, *gone: str, named: bool = False) -> None:
    """Everything but the files that went is there, octet for octet, and the words say that they went. `named`: which ones, too."""
    before, after = parts_of(octets), parts_of(copy)
    kept = [(name, part) for name, part in before if name not in gone]
    assert [name for name, _ in after] == [name for name, _ in kept]
    bodies = [at for at, (name, _) in enumerate(kept) if not name]
    for at, (_, part) in enumerate(kept):
        if at in bodies:
            assert after[at][1].endswith(part.partition(b"\r\n\r\n")[2])
            assert b"These files are not in this email." in after[at][1].replace(b"\r\n", b" ")
        else:
            assert after[at][1] == part
    assert octets.partition(b"\r\n\r\n")[0] in copy.partition(b"\r\n\r\n")[0]
    assert [name.encode() in copy for name in gone] == [named] * len(gone)


def codes(chain: Chain, to: str) -> list[str]:
    """All that this person has been sent so far."""
    mails = [email.message_from_bytes(octets, policy=email.policy.default) for octets in _with(chain, "internet", to)]
    texts = [str(mail.get_content()) for mail in mails if mail.get_content_type() == "text/plain"]
    return ["".join(found) for text in texts for found in re.findall(r"^ {4}(\d{4}) (\d{4})\s*$", text, re.MULTILINE)]


def fetched(chain: Chain, browser: Browser, link: str, to: str, folder: Path, about: str, **options: object) -> dict[str, bytes]:
    """As the recipient, in Chromium, with the code from the mail: every file by its name. The page says their checksums."""
    with context(browser, **options) as visit:
        page = visit.new_page()
        page.goto(link)
        seen = len(codes(chain, to))
        page.locator("main form button").first.click()
        chain.ends["internet"].wait(lambda _: len(codes(chain, to)) > seen)
        page.fill("#code", codes(chain, to)[-1])
        page.locator("main form button").first.click()
        sums = page.locator(".sums code").all_text_contents()
        for name, viewport in (("as opened", page.viewport_size), ("phone", PHONE)):
            page.set_viewport_size(viewport)
            assert violations(page) == []
            assert not is_wider_than_its_window(page)
            page.screenshot(path=folder / f"{about}, {name}.png", full_page=True)
        found = {}
        for button in page.locator(".files a.button").all():
            with page.expect_download() as download:
                button.click()
            download.value.save_as(folder / "file")
            found[download.value.suggested_filename] = (folder / "file").read_bytes()
        assert sums == [hashlib.sha256(octets).hexdigest() for octets in found.values()]
        return found


def test_a_public_pdf_that_is_too_large_for_the_recipient(chain: Chain, browser: Browser, tmp_path: Path) -> None:
    sender, about = f"ann-{next(_numbers)}@{OWN}", subject()
    file = pdf(["Annual report"], header="PUBLIC", pad_octets=25 * MB)
    octets = message(
        sender, [OUTSIDER], about, "Dear Kim,\n\nhere it is.", html="<p>Dear Kim,</p>", attachments=[("Report.pdf", file, PDF)]
    )
    chain.send(sender, [OUTSIDER], octets)

    (copy,) = arrived(chain, "internet", OUTSIDER, about)
    assert len(copy) < 20_000
    is_the_rest(copy, octets, "Report.pdf")
    html = email.message_from_bytes(copy, policy=email.policy.default).get_body(("html",)).get_content()
    link = link_in(copy, chain.url)
    assert f'<a href="{link}"' in html.replace("\n", " ")
    assert "- File 1: PDF, 25" in copy.decode()
    assert verified(copy, chain.records) == [True]
    assert fetched(chain, browser, link, OUTSIDER, tmp_path, "public") == {"Report.pdf": file}


def test_a_confidential_document_to_an_outsider(chain: Chain, browser: Browser, tmp_path: Path) -> None:
    sender, about = f"ann-{next(_numbers)}@{OWN}", subject()
    file = docx(["A."], header="CONFIDENTIAL")
    octets = message(sender, [OUTSIDER], about, "See there.", attachments=[("plan.docx", file, WORD)])
    chain.send(sender, [OUTSIDER], octets)

    (copy,) = arrived(chain, "internet", OUTSIDER, about)
    is_the_rest(copy, octets, "plan.docx")
    assert [tags["s"] for tags in signatures(copy)] == ["r1"]
    assert verified(copy, chain.records) == [True]
    phone = fetched(chain, browser, link_in(copy, chain.url), OUTSIDER, tmp_path, "confidential", viewport=PHONE, is_mobile=True)
    assert phone == {"plan.docx": file}
    receipt = next(one for one in arrived(chain, "mailboxes", sender, "Sent, with a link instead of a file") if b"plan.docx" in one)
    assert OUTSIDER.encode() in receipt
    assert f"{chain.url}/#".encode() in receipt.replace(b"=\r\n", b"").replace(b"=23", b"#")


def test_a_restricted_document_to_an_outsider_is_asked_about_and_then_goes_whole_and_encrypted(chain: Chain) -> None:
    """By Starter 2 its covering words are protected like the file, and what carries them carries the file: nothing is left for a link.

    (A confidential document has plain covering words, see above; one that is too large for encrypted mail goes by link, see below.)
    """
    sender, about = f"ann-{next(_numbers)}@{OWN}", subject()
    octets = message(sender, [OUTSIDER], about, "See there.", attachments=[("plan.docx", docx(["A."], header="RESTRICTED"), WORD)])
    chain.send(sender, [OUTSIDER], octets)

    arrived(chain, "mailboxes", sender, "Not sent yet")
    ((case, whom),) = chain.gateway.cases(sender).items()
    assert whom == [OUTSIDER]
    assert not _with(chain, "encrypted", OUTSIDER)
    chain.gateway.run("hold", "release", case, "--by", "Data Protection", "--why", "agreed by telephone")
    (copy,) = arrived(chain, "encrypted", OUTSIDER, about)
    assert b"X-Encrypt: yes\r\n" in copy
    assert copy.endswith(octets)
    assert verified(copy, chain.records) == [True]
    assert not [one for one in _with(chain, "internet", OUTSIDER) if about.encode() in one]


def test_a_large_restricted_file_whose_covering_mail_is_encrypted_or_waits(chain: Chain, browser: Browser, tmp_path: Path) -> None:
    """To a partner whose agreement covers it: nobody is asked. What carries the words is down at first."""
    sender, about = f"ann-{next(_numbers)}@{OWN}", subject()
    file = docx(["A."], header="RESTRICTED", pad_octets=30 * MB)
    octets = message(sender, [PARTNER], about, "See there.", attachments=[("plan.docx", file, WORD)])
    chain.ends["encrypted"].script[f"rcpt {PARTNER}"] = "451 4.3.0 not now"
    chain.send(sender, [PARTNER], octets)

    # Postfix tries again each second, and now and then at once: that it waited is in its log.
    wait_until(lambda: re.search(rf"to=<{PARTNER}>.* status=deferred", chain.before.log()) is not None, "the mail was deferred")
    assert not _with(chain, "encrypted", PARTNER)
    wait_until(lambda: _shares(chain, PARTNER) == ["undone"], "the link that nobody got is undone")
    del chain.ends["encrypted"].script[f"rcpt {PARTNER}"]
    chain.before.flush()
    (copy,) = arrived(chain, "encrypted", PARTNER, about)
    assert b"X-Encrypt: yes\r\n" in copy
    assert b"plan.docx, 30" in copy  # the encrypted mail may name it
    is_the_rest(copy, octets, "plan.docx", named=True)
    assert len(copy) < 20_000
    assert [tags["s"] for tags in signatures(copy)] == ["r1"]
    assert verified(copy, chain.records) == [True]
    assert not _with(chain, "internet", PARTNER)
    assert _shares(chain, PARTNER) == ["open"]
    assert fetched(chain, browser, link_in(copy, chain.url), PARTNER, tmp_path, "large and restricted") == {"plan.docx": file}


def _with(chain: Chain, end: str, to: str) -> list[bytes]:
    return [one.octets for one in list(chain.ends[end].messages) if to in one.recipients]


def _shares(chain: Chain, to: str) -> list[str]:
    """The states of all shares that this person is in."""
    query = "SELECT share.state FROM share JOIN share_grant ON share.id = share_id WHERE address = "
    return [state for (state,) in chain.gateway.rows(f"{query} '{to}'")]


def test_of_five_files_two_go_by_link(chain: Chain, browser: Browser, tmp_path: Path) -> None:
    sender, about = f"ann-{next(_numbers)}@{OWN}", subject()
    secret = [docx([f"{number}."], header="CONFIDENTIAL") for number in (1, 2)]
    files = [
        ("map.pdf", pdf(["Map."], header="PUBLIC"), PDF),
        ("one.docx", secret[0], WORD),
        ("notes.txt", b"Notes.\r\n" * 9, "text/plain"),
        ("two.docx", secret[1], WORD),
        ("plan.png", png(), "image/png"),
    ]
    octets = message(sender, [OUTSIDER, f"bea@{OWN}"], about, "Grüße aus Köln", attachments=files)
    chain.send(sender, [OUTSIDER, f"bea@{OWN}"], octets)

    (copy,) = arrived(chain, "internet", OUTSIDER, about)
    (whole,) = arrived(chain, "mailboxes", f"bea@{OWN}", about)
    is_the_rest(copy, octets, "one.docx", "two.docx")
    assert whole.endswith(octets)
    for name, content, _ in (files[0], files[2], files[4]):
        assert hashlib.sha256(decoded(copy, name)).digest() == hashlib.sha256(content).digest()
    assert verified(copy, chain.records) == [True]
    assert fetched(chain, browser, link_in(copy, chain.url), OUTSIDER, tmp_path, "two") == {"one.docx": secret[0], "two.docx": secret[1]}
