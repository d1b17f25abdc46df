"""Signatures of ours: whoever reads the mail can verify them, whatever it is made of, and nobody can add to it what people would see."""

import asyncio
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edges.dkim import Signer
from gateway.edges.dkim_keys import Domain, SigningKeys
from gateway.errors import TryLater
from gateway.model.outcome import Copy, Splice
from tests.doubles import RECEIVED, START, Octets, StillClock
from tests.edges.relaying import recipient
from tests.edges.signatures import OURS, key, records, signatures, signing_keys, strictly, verified, whole
from tests.mime.oracle import entities

HEADER = (
    b"From: Ann <ann@our.example>\r\nTo: bob@else.example\r\nSubject: hello\r\nDate: Thu, 5 Nov 2026 14:06:00 +0000\r\n"
    b"Message-ID: <1@our.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
)
MAIL = HEADER + b"\r\nHello Bob.\r\n"
STAMP = b"X-Classification: official\r\n"


def copy_of(octets: bytes = MAIL, *splices: Splice, head: bytes = RECEIVED + STAMP, sender: str = "ann@our.example") -> Copy:
    return Copy(sender, (recipient("bob@else.example"),), head, Octets(octets), True, False, splices=splices)


def sign(copy: Copy, keys: SigningKeys | None = None, unsigned: frozenset[str] = frozenset()) -> Copy:
    return asyncio.run(Signer(keys or signing_keys(), StillClock(), unsigned).sign(copy))


def names(octets: bytes) -> list[str]:
    """h= of the first signature."""
    return re.sub(r"\s", "", signatures(octets)[0]["h"]).split(":")


# --- they verify ------------------------------------------------------------------------------------------------------

FOLDED = HEADER.replace(b"Subject: hello", b"Subject:  a\t long\r\n\t subject  \r\n that goes on \t")
MAILS = {
    "plain": MAIL,
    "folded": FOLDED + b"\r\nHello.\r\n",
    "eight bits": HEADER + "\r\nGrüße.\r\n".encode(),
    "a name in UTF-8": HEADER.replace(b"hello", "Grüße".encode()) + b"\r\nHello.\r\n",
    "no body": HEADER + b"\r\n",
    "no empty line": HEADER,
    "empty lines at the end": HEADER + b"\r\nHello.\r\n\r\n\r\n\r\n",
    "nothing but empty lines": HEADER + b"\r\n\r\n\r\n\r\n",
    "empty lines in the middle": HEADER + b"\r\n\r\n\r\nHello.\r\n\r\n\r\nBye.\r\n",
    "no line end at the end": HEADER + b"\r\nHello.",
    "blanks at the end": HEADER + b"\r\nHello. \t\r\n \r\n",
    "no Date, no Message-ID": b"From: ann@our.example\r\n\r\nHello.\r\n",
    "no From": b"To: bob@else.example\r\nSubject: x\r\n\r\nHello.\r\n",
    "no field at all": b"\r\nHello.\r\n",
    "two of each": HEADER + HEADER + b"\r\nHello.\r\n",
    "empty fields": HEADER + b"Cc:\r\nReply-To: \r\n\r\nHello.\r\n",
    "a name in capitals": HEADER.replace(b"Subject", b"SUBJECT") + b"\r\nHello.\r\n",
}


@pytest.mark.parametrize("what", MAILS)
@pytest.mark.parametrize("kinds", [("rsa",), ("ed25519",), ("rsa", "ed25519")], ids="+".join)
def test_whoever_reads_it_can_verify_it(what, kinds):
    keys = signing_keys(*kinds)
    octets = whole(sign(copy_of(MAILS[what]), keys))

    assert [tags["a"] for tags in signatures(octets)] == [f"{kind}-sha256" for kind in kinds]
    assert all(verified(octets, records(keys)))
    assert octets.endswith(RECEIVED + STAMP + MAILS[what])


def test_no_field_at_all_not_even_ours():
    octets = whole(sign(copy_of(b"\r\n\r\nHello.\r\n\r\n", head=b"")))

    assert verified(octets, records(signing_keys())) == [True]


def test_what_is_changed_on_the_way_does_not_verify():
    octets = whole(sign(copy_of()))

    assert verified(octets.replace(b"Hello Bob", b"Hello Rob"), records(signing_keys())) == [False]
    assert verified(octets.replace(b"Subject: hello", b"Subject: hallo"), records(signing_keys())) == [False]
    assert verified(octets.replace(STAMP, b"X-Classification: secret\r\n"), records(signing_keys())) == [False]


@pytest.mark.parametrize(
    "name",
    ["From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
     "Content-Transfer-Encoding", "X-Classification"],
)  # fmt: skip
def test_nobody_can_add_a_field_that_people_or_programs_would_see(name):
    octets = whole(sign(copy_of()))

    assert verified(octets, records(signing_keys())) == [True]
    assert verified(octets.replace(b"\r\n\r\n", f"\r\n{name}: forged@else.example\r\n\r\n".encode(), 1), records(signing_keys())) == [False]
    assert verified(f"{name}: forged@else.example\r\n".encode() + octets, records(signing_keys())) == [False]


@pytest.mark.parametrize("name", ["Date", "Message-ID", "Received", "X-Spam"])
def test_what_a_mail_server_on_the_way_may_add_breaks_nothing(name):
    """Found: Postfix adds Date and Message-ID to what local programs send without them, and the signature was broken."""
    octets = whole(sign(copy_of(b"From: ann@our.example\r\nTo: b@else.example\r\n\r\nHello.\r\n")))

    assert verified(f"{name}: new\r\n".encode() + octets, records(signing_keys())) == [True]


def test_how_it_is_written():
    octets = whole(sign(copy_of()))
    (tags,) = signatures(octets)
    field = octets.partition(b"\r\nReceived:")[0]

    assert octets.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; ")
    assert tags.keys() == {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}  # neither l= nor i= nor x=
    assert tags["t"] == str(int(START.timestamp()))
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert [name for name in names(octets) if name == "from"] == ["from", "from"]
    assert not {"received", "dkim-signature", "return-path", "bcc"} & set(names(octets))


def test_a_long_domain_is_not_folded():
    domain = f"{'a' * 60}.{'b' * 60}.{'c' * 60}.example"
    keys = signing_keys(domain=domain)
    octets = whole(sign(copy_of(MAIL.replace(b"our.example", domain.encode())), keys))

    assert verified(octets, records(keys)) == [True]


def test_odd_blanks_are_kept_as_the_standard_says():
    """dkimpy takes VT and FF for blanks at the end of a value, and is alone in that."""
    octets = whole(sign(copy_of(MAIL.replace(b"hello", b"hello\x0b\x0c"))))

    assert strictly(octets, records(signing_keys())) == [True]


def test_a_line_that_is_no_field_hides_nothing():
    octets = whole(sign(copy_of(HEADER + b"no field\r\nReply-To : a@our.example\r\n\r\nHello.\r\n")))

    assert strictly(octets, records(signing_keys())) == [True]
    assert strictly(octets.replace(b"Reply-To : a@", b"Reply-To : b@"), records(signing_keys())) == [False]


EDITS = st.tuples(st.integers(0, 2000), st.integers(0, 200), st.sampled_from([b"", b"Hello.\r\n", "Grüße\r\n\r\n".encode()]))


@given(entities(), st.lists(EDITS, max_size=4), st.sampled_from(["", "\r\n", "\r\n\r\n\r\n", "x", "ä\r\n \r\n"]))
def test_any_edited_copy_verifies(entity, edits, end):
    body = HEADER.partition(b"Content-Type")[0] + entity + end.encode()
    first = body.index(b"\r\n\r\n") + 4 if b"\r\n\r\n" in body else len(body)
    splices, at = [], first
    for gap, length, octets in edits:
        start = _line(body, min(at + gap, len(body)))
        at = _line(body, min(start + length, len(body)))
        splices.append(Splice(start, at, octets))
        at += 1
    copy = copy_of(body, *[one for one in splices if one.start <= one.end <= len(body)])

    assert strictly(whole(sign(copy)), records(signing_keys())) == [True]


def _line(octets: bytes, at: int) -> int:
    """The next beginning of a line."""
    found = octets.find(b"\r\n", at)
    return len(octets) if found < 0 else found + 2


@given(st.lists(st.binary(max_size=40), max_size=12), st.sampled_from([b"", b"\r\n"]), st.booleans())
def test_hostile_octets_are_signed_or_left_as_they_are(lines, end, in_front):
    """Whatever stands there: nothing is raised, and what is signed verifies."""
    hostile = b"\r\n".join(line.replace(b"\r", b"").replace(b"\n", b"") for line in lines) + end
    octets = hostile + HEADER if in_front else HEADER + hostile
    copy = copy_of(octets + b"\r\nHello.\r\n")
    signed = sign(copy)

    assert whole(signed).endswith(whole(copy))
    if signed is not copy and b"dkim-signature" not in octets.lower():
        assert strictly(whole(signed), records(signing_keys())) == [True]


# --- whose they are ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "sender", "domain"),
    [
        ("ann@our.example", "bounce@else.example", "our.example"),
        ("ann@else.example", "ann@our.example", "our.example"),  # it left under our name
        ("ann@else.example", "ann@else.example", None),
        ("ann@sub.our.example", "ann@else.example", None),
        ("ann@sub.wide.example", "", "wide.example"),
        ("ann@wide.example", "", "wide.example"),
        ("a@else.example, b@our.example", "", "our.example"),
        ('"ann@else.example" <ann@our.example>', "", "our.example"),
        ("(bob@else.example) ann@our.example (x)", "", "our.example"),
        ("ANN@OUR.EXAMPLE", "", "our.example"),
        ("ann@münchen.example", "", "xn--mnchen-3ya.example"),
        ("ann@XN--mnchen-3ya.example", "", "xn--mnchen-3ya.example"),
        ("ann@[192.0.2.1]", "ann@münchen.example", "xn--mnchen-3ya.example"),
        ("ann", "", None),
        ("", "", None),
    ],
)
def test_the_domain_of_the_author_signs(author, sender, domain):
    keys = SigningKeys(
        (
            Domain(OURS, (key("rsa"),)),
            Domain("wide.example", (key("ed25519"),), subdomains=True),
            Domain("xn--mnchen-3ya.example", (key("rsa"), key("ed25519"))),
        )
    )
    octets = whole(sign(copy_of(MAIL.replace(b"Ann <ann@our.example>", author.encode()), sender=sender), keys))

    assert {tags["d"] for tags in signatures(octets)} == ({domain} if domain else set())
    assert all(verified(octets, records(keys)))


def test_without_a_key_that_signs_it_stays_as_it_was():
    copy = copy_of()

    assert sign(copy, SigningKeys()) is copy
    assert sign(copy, signing_keys(domain="else.example")) is copy
    assert sign(copy, SigningKeys((Domain(OURS, (), (key(),)),))) is copy  # its record is only being published


def test_keys_can_be_changed_while_it_runs():
    signer = Signer(SigningKeys(), StillClock())
    before = asyncio.run(signer.sign(copy_of()))
    signer.use(signing_keys("ed25519"))
    after = asyncio.run(signer.sign(copy_of()))

    assert signatures(whole(before)) == []
    assert [tags["s"] for tags in signatures(whole(after))] == ["ed255191"]


# --- signatures that are there already ----------------------------------------------------------------------------------


def signed_upstream(octets: bytes = MAIL, keys: SigningKeys | None = None) -> bytes:
    return whole(sign(copy_of(octets, head=b""), keys))


def test_our_own_broken_signature_is_replaced():
    there = signed_upstream()
    at = there.index(b"Hello Bob")
    octets = whole(sign(copy_of(there, Splice(at, at + 9, b"Hello Rob"))))

    assert len(signatures(there)) == len(signatures(octets)) == 1
    assert verified(octets, records(signing_keys())) == [True]


def test_a_field_that_is_put_in_breaks_a_signature_of_our_own():
    there = signed_upstream(MAIL.replace(b"Subject:", b"Sender: old@our.example\r\nSubject:"))
    at = there.index(b"Sender: ")
    octets = whole(sign(copy_of(there, Splice(at, at, b"Sender: new@our.example\r\n"), head=RECEIVED)))

    assert verified(octets, records(signing_keys())) == [True]


def test_a_signature_of_a_domain_whose_keys_only_stand_by_is_not_ours_to_break():
    signer = Signer(SigningKeys((Domain(OURS, (), (key(),)),)), StillClock())

    assert not signer.is_ours(b" v=1; d=our.example; s=rsa1")
    assert Signer(signing_keys(), StillClock()).is_ours(b" v=1; s=rsa1; d=OUR.example ;")
    assert not Signer(signing_keys(), StillClock()).is_ours(b" v=1; s=rsa1; d=sub.our.example")


def test_our_own_signature_that_is_still_good_stays():
    there = signed_upstream()
    octets = whole(sign(copy_of(there)))

    assert octets.endswith(there)
    assert verified(octets, records(signing_keys())) == [True, True]


def test_a_field_that_was_signed_and_is_taken_out_breaks_it():
    there = signed_upstream(MAIL.replace(b"Subject:", b"Auto-Submitted: no\r\nSubject:"))
    at = there.index(b"Auto-Submitted: no")
    octets = whole(sign(copy_of(there, Splice(at, at + 20))))

    assert verified(octets, records(signing_keys())) == [True]


def test_a_stamp_that_was_signed_before_breaks_it():
    there = whole(sign(copy_of(head=STAMP)))
    octets = whole(sign(copy_of(there)))

    assert verified(octets, records(signing_keys())) == [True]


def test_signatures_of_others_stay():
    others = signing_keys(domain="else.example")
    there = signed_upstream(MAIL.replace(b"ann@our.example", b"ann@else.example"), others)
    seal = b"ARC-Seal: i=1; a=rsa-sha256; d=our.example; b=x\r\nAuthentication-Results: our.example; dkim=pass\r\n"
    at = (seal + there).index(b"Hello Bob")
    octets = whole(sign(copy_of(seal + there, Splice(at, at + 5, b"Greet"), sender="ann@our.example")))

    assert octets.endswith(seal + there.replace(b"Hello Bob", b"Greet Bob"))
    assert [tags["d"] for tags in signatures(octets)] == ["our.example", "else.example"]
    assert verified(octets, records(signing_keys()) | records(others)) == [True, False]


def test_signing_again_leaves_one_signature():
    once = sign(copy_of())
    twice = sign(once)

    assert whole(once) == whole(twice)


@pytest.mark.parametrize("value", [b"", b"v=1; d=", b"d=our.example\x00", b"v=1; d=our.example.", b";;;", b"d=\xff.example; h=from"])
def test_a_badly_written_signature_is_no_obstacle(value):
    octets = whole(sign(copy_of(b"DKIM-Signature: " + value + b"\r\n" + MAIL)))

    assert strictly(octets.replace(b"DKIM-Signature: " + value + b"\r\n", b""), records(signing_keys())) == [True]


# --- stamps and triggers ------------------------------------------------------------------------------------------------


def test_stamps_are_signed_and_what_a_hop_takes_off_is_not():
    octets = whole(sign(copy_of(head=RECEIVED + b"X-Secure: yes\r\n" + STAMP), unsigned=frozenset({"x-secure"})))

    assert names(octets).count("x-classification") == 2
    assert "x-secure" not in names(octets)
    assert verified(octets.replace(b"X-Secure: yes\r\n", b""), records(signing_keys())) == [True]


# --- large ones, and what cannot be read --------------------------------------------------------------------------------

PIECE = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.\r\n" * 4096


class Endless(Octets):
    """So many octets, made as they are read."""

    def __init__(self, octets: int) -> None:
        super().__init__(MAIL)
        self._size = octets

    @property
    def octets(self) -> int:
        return self._size

    def read(self, start, end):
        first = MAIL[start:end]
        offset, want = (start + len(first) - len(MAIL)) % len(PIECE), end - start - len(first)
        return first + (PIECE * 2)[offset : offset + want]


@pytest.mark.slow
def test_a_large_message_is_never_whole_in_memory():
    content = Endless(35 * 1_048_576)
    copy = Copy("ann@our.example", (recipient("bob@else.example"),), RECEIVED + STAMP, content, True, False)
    sign(copy)  # what is loaded once is loaded
    tracemalloc.start()
    try:
        signed = sign(copy)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * 1_048_576
    assert verified(whole(signed), records(signing_keys())) == [True]


def test_a_header_section_that_is_too_large_is_not_signed():
    copy = copy_of(HEADER + b"X-Much: " + b"x" * 300_000 + b"\r\n\r\nHello.\r\n")

    assert sign(copy) is copy


def test_content_that_cannot_be_read_is_said_so():
    class Gone(Octets):
        def read(self, start, end):
            raise OSError("gone")

    with pytest.raises(TryLater):
        asyncio.run(Signer(signing_keys(), StillClock()).sign(copy_of().__class__("a@our.example", (), b"", Gone(MAIL), True, False)))
