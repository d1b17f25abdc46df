"""Addresses and parameters by the letter of the RFCs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.listen.grammar import NULL, BadPath, parse_path, split_path
from gateway.listen.parameters import MailParameters, Refused, mail_parameters, rcpt_parameters, unxtext
from gateway.model.envelope import Address


@pytest.mark.parametrize(
    ("text", "local_part", "domain"),
    [
        ("a@b.example", "a", "b.example"),
        ("Anna.Maria+tag=1@B.Example", "Anna.Maria+tag=1", "b.example"),
        ("!#$%&'*+/=?^_`{|}~-@x.example", "!#$%&'*+/=?^_`{|}~-", "x.example"),
        ('"a b"@c.example', "a b", "c.example"),
        (r'"a\"b\\c"@c.example', 'a"b\\c', "c.example"),
        ('"plain"@c.example', "plain", "c.example"),
        ('"a@b>c"@d.example', "a@b>c", "d.example"),
        ("a@localhost", "a", "localhost"),
        ("a@xn--bcher-kva.example", "a", "bücher.example"),
        ("a@XN--BCHER-KVA.example", "a", "bücher.example"),
        ("a@xn--strae-oqa.example", "a", "straße.example"),
        ("a@[192.0.2.1]", "a", "[192.0.2.1]"),
        ("a@[IPv6:2001:DB8:0::1]", "a", "[ipv6:2001:db8::1]"),
        ("a@1and1.example", "a", "1and1.example"),
        ("x" * 200 + "@verp.example", "x" * 200, "verp.example"),
    ],
)
def test_a_mailbox_is_read(text: str, local_part: str, domain: str) -> None:
    assert parse_path(text) == Address(text, local_part, domain)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "@b.example",
        "a@",
        "a@@b.example",
        "a@b@c.example",
        ".a@b.example",
        "a.@b.example",
        "a..b@c.example",
        "a b@c.example",
        "a(comment)@b.example",
        "a@b.example(comment)",
        "a,b@c.example",
        "Foo <a@b.example",
        '"a"b@c.example',
        '"a@b.example',
        '""@b.example',
        '"a\rb"@c.example',
        '"a\nb"@c.example',
        "a\t@b.example",
        "a\0@b.example",
        "a@b..example",
        "a@.example",
        "a@b.example.",
        "a@-b.example",
        "a@b-.example",
        "a@b_c.example",
        "a@" + "x" * 64 + ".example",
        "a@" + "x." * 130 + "example",
        "a@192.0.2.1",
        "a@[192.0.2.256]",
        "a@[192.0.2.1",
        "a@[IPv6:fe80::1%eth0]",
        "a@[x400:y]",
        "a@[]",
        "a@xn--a",
        "a@xn--0.example",
        "postmaster",
        "x" * 600 + "@b.example",
        "@a.example,@b.example",
        "@a.example:",
        "käthe@b.example",
        "a@bücher.example",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(BadPath):
        parse_path(text)


def test_utf8_is_taken_when_it_was_declared() -> None:
    assert parse_path("用户@BÜCHER.example", utf8=True) == Address("用户@BÜCHER.example", "用户", "bücher.example")
    assert parse_path("a@straße.example", utf8=True).domain == parse_path("a@xn--strae-oqa.example").domain
    with pytest.raises(BadPath) as caught:
        parse_path("用户@b.example")
    assert caught.value.needs_utf8


@pytest.mark.parametrize(
    "text",
    [
        "a\u202eb@c.example",
        "a\u00a0b@c.example",
        "a\u2028@c.example",
        "a\u0085@c.example",
        "a@b。example",
        "a@ⓐ.example",
        "a\u200b@c.example",
    ],
)
def test_what_looks_like_another_address_is_refused(text: str) -> None:
    with pytest.raises(BadPath):
        parse_path(text, utf8=True)


def test_a_source_route_is_ignored() -> None:
    assert parse_path("@one.example,@two.example:a@b.example") == Address("a@b.example", "a", "b.example")


def test_postmaster_needs_no_domain_where_a_recipient_stands() -> None:
    assert parse_path("PostMaster", postmaster_domain="gw.example") == Address("PostMaster", "PostMaster", "gw.example")
    assert parse_path("") is NULL


@pytest.mark.parametrize(
    ("text", "path", "parameters"),
    [
        ("<a@b.example>", "a@b.example", ""),
        (" <a@b.example>  SIZE=1  BODY=7BIT", "a@b.example", "SIZE=1  BODY=7BIT"),
        ("<>", "", ""),
        ('<"a>b c"@d.example> X', '"a>b c"@d.example', "X"),
    ],
)
def test_a_path_ends_at_its_bracket(text: str, path: str, parameters: str) -> None:
    assert split_path(text) == (path, parameters)


@pytest.mark.parametrize("text", ["a@b.example", "<a@b.example", "a@b.example>", "<a@b>SIZE=1", "  <a@b>", "<<a@b>>", ""])
def test_what_has_no_brackets_is_no_path(text: str) -> None:
    with pytest.raises(BadPath):
        split_path(text)


@given(st.text(max_size=40), st.booleans())
def test_any_text_is_an_address_or_refused_and_reads_the_same_again(text: str, utf8: bool) -> None:
    try:
        address = parse_path(text, utf8=utf8)
    except BadPath:
        return
    assert parse_path(address.wire, utf8=utf8) == address
    assert split_path(f"<{address.wire}>") == (address.wire, "")
    assert not set(address.wire) & set("\r\n\0")


@given(st.from_regex(r'\A("[ -~]{0,6}"|[a-z."@\\]{1,8})@[a-z.\-\[\]0-9]{1,12}\Z'), st.booleans())
def test_no_address_can_leave_its_brackets(text: str, utf8: bool) -> None:
    try:
        address = parse_path(text, utf8=utf8)
    except BadPath:
        return
    assert split_path(f"<{address.wire}> A=b") == (address.wire, "A=b")


# --- parameters -----------------------------------------------------------------------------------------------------------


def test_parameters_of_mail() -> None:
    assert mail_parameters("") == MailParameters()
    assert mail_parameters("body=8bitmime SMTPUTF8 Size=12 RET=full ENVID=aB+2Bc") == MailParameters("8BITMIME", True, 12, "FULL", "aB+2Bc")


def test_parameters_of_rcpt_keep_their_case() -> None:
    said = rcpt_parameters("NOTIFY=Success,failure ORCPT=rfc822;Anna+2BTag@B.example", utf8=False)

    assert said.notify == {"SUCCESS", "FAILURE"}
    assert said.orcpt == "rfc822;Anna+2BTag@B.example"


@pytest.mark.parametrize(
    ("orcpt", "utf8", "fits"),
    [
        ("utf-8;用户@b.example", True, True),
        ("utf-8;用户@b.example", False, False),
        (r"utf-8;\x{7528}@b.example", False, True),
        ("rfc822;用户@b.example", True, False),
        ("rfc822;a+0Ab", False, False),
        ("rfc822;", False, False),
        (";a@b", False, False),
        ("rfc822;" + "a" * 500, False, False),
    ],
)
def test_original_recipients(orcpt: str, utf8: bool, fits: bool) -> None:
    if fits:
        assert rcpt_parameters(f"ORCPT={orcpt}", utf8=utf8).orcpt == orcpt
    else:
        with pytest.raises(Refused):
            rcpt_parameters(f"ORCPT={orcpt}", utf8=utf8)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SIZE", 501),
        ("SIZE=-1", 501),
        ("SIZE=٣", 501),
        ("SIZE=" + "9" * 21, 501),
        ("BODY=BINARYMIME", 501),
        ("SMTPUTF8=yes", 501),
        ("RET=", 501),
        ("ENVID=a=b", 501),
        ("ENVID=" + "x" * 101, 501),
        ("ENVID=+0D+0A", 501),
        ("SIZE=1 SIZE=2", 501),
        ("SIZE=1  BODY=7BIT", 501),
        ("X=1", 555),
        ("-X=1", 501),
        ("AUTH=<>", 555),
        ("NOTIFY=NEVER", 555),
        ("SIZE=1\t", 501),
    ],
)
def test_bad_parameters_are_refused(text: str, code: int) -> None:
    with pytest.raises(Refused) as caught:
        mail_parameters(text)
    assert (caught.value.reply.code, caught.value.reply.status) == (code, "5.5.4")


@given(st.text(max_size=30))
def test_any_text_is_parameters_or_refused(text: str) -> None:
    for read in (mail_parameters, lambda words: rcpt_parameters(words, utf8=True)):
        try:
            read(text)
        except Refused:
            continue


def test_xtext() -> None:
    assert unxtext("a+2Bb+3Dc+20d") == "a+b=c d"
    assert unxtext("a+2b") == "a+"
    assert unxtext("a=b") is None
    assert unxtext("a+") is None
