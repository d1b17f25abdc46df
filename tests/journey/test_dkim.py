"""Mail that the gateway has changed or written, as it comes to its end behind a real Postfix: signed, by keys that commands have made.

`outgate dkim new-key` makes them, what it prints stands in a name server, `outgate dkim check` finds it there, and receivers verify by it.
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import dkim
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.build import docx, message, pdf, prose
from tests.edges.signatures import key, signatures, verified
from tests.journey.chain import Chain
from tests.journey.chain import chain as started
from tests.journey.gateway import pack_in
from tests.journey.site import OWN, WORD, below_received
from tests.peers import folder, needs_root, wait_until
from tests.peers.names import names

pytestmark = [pytest.mark.peer, needs_root]

COLLEAGUE, OUTSIDER = f"bea@{OWN}", "kim@elsewhere.example"
STAMP = "  - id: stamped\n    when: {audience: outsiders}\n    stamp: {X-Council-Marking: official}\n"
LINK = """\
  link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 60d}, clause: our own links}
  own-link:"""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with ExitStack() as stack:
        pack = pack_in(stack.enter_context(folder("pack")), {}, replace={"never:  ": f"{STAMP}\nnever:  ", "  own-link:": LINK})
        found = stack.enter_context(started(pack, "X-Route: 4711", smtp={}))
        for words in (("--selector", "r1"), ("--selector", "e1", "--type", "ed25519")):
            found.new_key(*words)
        found.sign_by(f'sign = {{r1 = "var/dkim/{OWN}.r1.key", e1 = "var/dkim/{OWN}.e1.key"}}')
        found.start()
        yield found


@pytest.fixture(scope="module")
def server(chain: Chain) -> Iterator[str]:
    """A name server that knows what the commands have printed."""
    pieces = {name: [text[at : at + 255] for at in range(0, len(text), 255)] for name, text in chain.records.items()}
    with names({name: (" ".join(f'"{piece}"' for piece in found),) for name, found in pieces.items()}) as address:
        yield address


def arrived(chain: Chain, end: str, to: str, words: bytes) -> bytes:
    """The one message for this recipient that has these words in it."""
    (octets,) = chain.arrived(end, to, lambda octets: words in octets)
    return octets


def subject() -> str:
    return f"Number {next(_numbers)}."


def signed_upstream(octets: bytes, *more: bytes) -> bytes:
    """As a server before the gateway signs, with a key of its own and the domain of the sender."""
    private = key("rsa", "s1").private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    fields = (b"from", b"to", b"subject", b"date", b"message-id", b"content-type", *more)
    return dkim.sign(octets, b"s1", OWN.encode(), private, include_headers=fields) + octets


def upstream(chain: Chain) -> dict[str, str]:
    return {**chain.records, f"s1._domainkey.{OWN}": key("rsa", "s1").record}


def test_the_command_finds_the_records_that_the_command_printed(chain: Chain, server: str) -> None:
    said = chain.gateway.run("dkim", "check", "--server", server)

    assert said == (
        f"ok    r1._domainkey.{OWN} (signs): the record is that of the key\n"
        f"ok    e1._domainkey.{OWN} (signs): the record is that of the key\n"
    )


def test_a_stamped_message_verifies_and_what_nobody_changed_has_no_signature_of_ours(chain: Chain) -> None:
    sender, about = f"alex@{OWN}", subject()
    attached = [("a.pdf", pdf(["Plan."]), "application/pdf")]
    octets = message(sender, [COLLEAGUE, OUTSIDER], about, f"Grüße.\n\n{prose(300)}\n\n\n", attachments=attached)
    chain.send(sender, [COLLEAGUE, OUTSIDER], octets)

    mail = arrived(chain, "internet", OUTSIDER, about.encode())
    assert b"X-Council-Marking: official\r\n" in mail
    assert mail.endswith(octets)
    assert [tags["s"] for tags in signatures(mail)] == ["r1", "e1"]
    assert verified(mail, chain.records) == [True, True]
    assert verified(mail.replace(b"Marking: official", b"Marking: public"), chain.records) == [False, False]
    assert below_received(arrived(chain, "mailboxes", COLLEAGUE, about.encode()), 3) == octets


def test_a_signature_of_our_own_that_the_stamp_breaks_is_replaced(chain: Chain) -> None:
    """The sender's server signed a field that only rules may set: the field goes, and the signature over it."""
    sender, about = f"alex@{OWN}", subject()
    forged = b"X-Council-Marking: public\r\n" + message(sender, [OUTSIDER], about, "Hello.")
    octets = signed_upstream(forged, b"x-council-marking", b"x-council-marking")
    assert verified(octets, upstream(chain)) == [True]
    chain.send(sender, [OUTSIDER, COLLEAGUE], octets)

    for end, to in (("internet", OUTSIDER), ("mailboxes", COLLEAGUE)):
        mail = arrived(chain, end, to, about.encode())
        assert b"public" not in mail
        assert [tags["s"] for tags in signatures(mail)] == ["r1", "e1"]
        assert verified(mail, upstream(chain)) == [True, True]


def test_a_signature_of_our_own_that_is_still_good_stays(chain: Chain) -> None:
    sender, about = f"alex@{OWN}", subject()
    chain.send(sender, [OUTSIDER, COLLEAGUE], signed_upstream(message(sender, [OUTSIDER], about, "Hello.")))

    stamped = arrived(chain, "internet", OUTSIDER, about.encode())
    assert [tags["s"] for tags in signatures(stamped)] == ["r1", "e1", "s1"]
    assert verified(stamped, upstream(chain)) == [True, True, True]
    untouched = arrived(chain, "mailboxes", COLLEAGUE, about.encode())
    assert [tags["s"] for tags in signatures(untouched)] == ["s1"]
    assert verified(untouched, upstream(chain)) == [True]


def test_what_postfix_adds_to_mail_that_lacks_it_breaks_nothing(chain: Chain) -> None:
    """Date and Message-ID: a Postfix behind the gateway puts them into what local programs send without."""
    sender, about = f"program@{OWN}", subject()
    octets = f"From: {sender}\r\nTo: {OUTSIDER}\r\nSubject: {about}\r\n\r\nHello.\r\n".encode()
    chain.send(sender, [OUTSIDER], octets, chain.gateway.ports["smtp"])

    mail = arrived(chain, "internet", OUTSIDER, about.encode())
    assert b"\r\nMessage-Id: <" in mail
    assert verified(mail, chain.records) == [True, True]


def test_a_notice_and_what_is_let_go_later_verify(chain: Chain) -> None:
    sender, about = f"sam@{OWN}", subject()
    attached = [("plan.docx", docx(["A."], header="RESTRICTED"), WORD)]
    chain.send(sender, [OUTSIDER], message(sender, [OUTSIDER], about, "See there.", attachments=attached))
    notice = arrived(chain, "mailboxes", sender, b"Subject: Not sent")
    ((case, _),) = chain.gateway.cases(sender).items()
    chain.gateway.run("hold", "release", case, "--by", "the test", "--why", "it may go")

    assert [(tags["d"], tags["s"]) for tags in signatures(notice)] == [(OWN, "r1"), (OWN, "e1")]
    assert verified(notice, chain.records) == [True, True]
    released = arrived(chain, "encrypted", OUTSIDER, about.encode())
    assert b"X-Route: 4711\r\nX-Council-Marking: official\r\n" in released
    assert verified(released, chain.records) == [True, True]
    assert verified(released.replace(b"X-Route: 4711\r\n", b""), chain.records) == [True, True]  # that hop takes it off


def test_a_copy_whose_file_went_by_link_verifies_and_so_does_its_receipt(chain: Chain) -> None:
    sender, about = f"lou@{OWN}", subject()
    files = [("plan.docx", docx(["A."], header="CONFIDENTIAL"), WORD), ("map.pdf", pdf(["Map."]), "application/pdf")]
    octets = signed_upstream(message(sender, [OUTSIDER], about, "Grüße.\n\n", attachments=files))
    theirs = b"DKIM-Signature: v=1; a=rsa-sha256; d=else.example; s=x; h=from; bh=AAAA; b=AAAA\r\n"
    chain.send(sender, [OUTSIDER], theirs + octets)

    mail = arrived(chain, "internet", OUTSIDER, about.encode())
    assert b"map.pdf" in mail
    assert b"plan.docx" not in mail
    assert [(tags["d"], tags["s"]) for tags in signatures(mail)] == [(OWN, "r1"), (OWN, "e1"), ("else.example", "x")]
    assert verified(mail, upstream(chain)) == [True, True, False]
    assert theirs in mail
    receipt = arrived(chain, "mailboxes", sender, b"Subject: ")
    assert verified(receipt, chain.records) == [True, True]


def test_a_reload_signs_with_the_next_key(chain: Chain) -> None:
    chain.new_key("--selector", "r2")
    chain.sign_by(f'sign = {{r2 = "var/dkim/{OWN}.r2.key"}}\nstandby = {{r1 = "var/dkim/{OWN}.r1.key"}}')
    assert {event["event"] for event in chain.gateway.reload()} == {"policy.loaded"}
    sender, about = f"alex@{OWN}", subject()
    chain.send(sender, [OUTSIDER], message(sender, [OUTSIDER], about, "Hello."))

    mail = arrived(chain, "internet", OUTSIDER, about.encode())
    assert [tags["s"] for tags in signatures(mail)] == ["r2"]
    assert verified(mail, chain.records) == [True]


def test_a_key_that_others_may_read_changes_nothing(chain: Chain) -> None:
    path = chain.gateway.directory / "var" / "dkim" / f"{OWN}.r2.key"
    path.chmod(0o644)
    try:
        events = chain.gateway.reload()
    finally:
        path.chmod(0o600)

    assert {event["event"] for event in events} == {"policy.rejected"}
    assert all("may be read by others: chmod 600" in problem for event in events for problem in event["problems"])
    wait_until(lambda: chain.gateway.process is not None, "it serves on", 5)
