"""Keys that mail is signed with: how they are written into the settings, made, and compared with the DNS."""

import base64
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.app.doctor import look_at_signing
from gateway.app.signing import load_signing_keys, unsigned_domains
from gateway.cli import main
from gateway.config import load
from gateway.edges.dkim_keys import new_key, read_key
from gateway.edges.dkim_records import look_up, what_is_wrong
from gateway.errors import BadConfig, TryLater, WillNotDo
from tests.deliveries import policy
from tests.edges.signatures import key
from tests.peers.names import names
from tests.stages.test_config import GOOD, problems, write

NAME = "outgate1._domainkey.council.example"


def settings(folder: Path, text: str):
    return load(write(folder, GOOD + text))


def run(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["dkim", *words, "--config", str(folder / "outgate.toml")])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def pem(private, password: bytes = b"", kind: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return private.private_bytes(Encoding.PEM, kind, BestAvailableEncryption(password) if password else NoEncryption())


def file(folder: Path, octets: bytes, mode: int = 0o600) -> Path:
    path = folder / "a.key"
    path.write_bytes(octets)
    path.chmod(mode)
    return path


# --- as they are written ----------------------------------------------------------------------------------------------


def test_a_domain_signs_with_its_keys_rsa_first(tmp_path):
    new_key("e1", "ed25519", tmp_path / "e1.key")
    new_key("r1", "rsa", tmp_path / "r1.key")
    new_key("r2", "rsa", tmp_path / "r2.key")
    found = settings(tmp_path, '[dkim."Council.example"]\nsign = {e1 = "e1.key", r1 = "r1.key"}\nstandby = {r2 = "r2.key"}\n')
    (domain,) = load_signing_keys(found).domains.values()

    assert domain.name == "council.example"
    assert [(one.selector, one.kind) for one in domain.keys] == [("r1", "rsa"), ("e1", "ed25519"), ("r2", "rsa")]
    assert [one.selector for one in domain.signing] == ["r1", "e1"]


def test_which_domains_of_ours_nobody_signs_for(tmp_path):
    new_key("r1", "rsa", tmp_path / "r1.key")
    section = '[dkim."{}"]\n{} = {{r1 = "r1.key"}}\nsubdomains = {}\n'

    assert unsigned_domains(settings(tmp_path, "")) == ("council.example",)
    assert unsigned_domains(settings(tmp_path, section.format("council.example", "sign", "false"))) == ()
    assert unsigned_domains(settings(tmp_path, section.format("council.example", "standby", "false"))) == ("council.example",)
    assert unsigned_domains(settings(tmp_path, section.format("example", "sign", "true"))) == ()
    assert unsigned_domains(settings(tmp_path, section.format("example", "sign", "false"))) == ("council.example",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[dkim.council.gov.example]\nsign = {a = "a.key"}', 'in quotation marks: [dkim."council.gov.example"]'),
        ("[dkim.council.gov.example]\nsubdomains = true", 'in quotation marks: [dkim."council.gov.example"]'),
        ('[dkim."*.council.example"]\nsign = {a = "a.key"}', "`*.council.example` is no domain; write council.example"),
        ('[dkim."council.example"]', "names no key; write sign = {"),
        ('[dkim."council.example"]\nsign = {"a_b" = "a.key"}', "`a_b` is no selector"),
        ('[dkim."council.example"]\nsign = {a = "a.key"}\nstandby = {a = "b.key"}', "`a` stands in `sign` and in `standby`"),
        ('[dkim."council.example"]\nsing = {a = "a.key"}', "unknown key `sing`; did you mean `sign`?"),
    ],
)  # fmt: skip
def test_what_a_person_hears_of_a_mistake(tmp_path, text, says):
    found = problems(tmp_path, GOOD + text + "\n")

    assert any(says in one for one in found), found


def test_a_mistake_has_its_line(tmp_path):
    (found,) = problems(tmp_path, GOOD + '[dkim."council.example"]\nsign = {a = "a.key"}\nsubdomain = true\n')

    assert found.startswith(f"outgate.toml:{GOOD.count(chr(10)) + 3}:1: ")


RSA = rsa.generate_private_key(65537, 2048)
FILES = {
    "open to others": (pem(RSA), 0o644, "may be read by others: chmod 600"),
    "under a password": (pem(RSA, b"secret"), 0o600, "is under a password; take it off: openssl pkey -in"),
    "of an elliptic curve": (pem(ec.generate_private_key(ec.SECP256R1())), 0o600, "neither an RSA key nor an Ed25519 key"),
    "too short": (pem(rsa.generate_private_key(65537, 1024)), 0o600, "an RSA key of 1024 bits, too short to be trusted"),  # noqa: S505
    "public": (RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o600, "it holds a public key"),
    "no key": (b"hello\n", 0o600, "is no private key in PEM; make one: outgate dkim new-key"),
    "empty": (b"", 0o600, "is no private key in PEM"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_used_is_said_so_and_what_to_do(tmp_path, what):
    octets, mode, says = FILES[what]
    path = file(tmp_path, octets, mode)

    with pytest.raises(WillNotDo, match=re.escape(says)):
        read_key("a", path)
    with pytest.raises(BadConfig, match=re.escape('outgate.toml: dkim."council.example".sign.a: ')):
        load_signing_keys(settings(tmp_path, '[dkim."council.example"]\nsign = {a = "a.key"}\n'))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadConfig, match=r"a\.key: No such file"):
        load_signing_keys(settings(tmp_path, '[dkim."council.example"]\nsign = {a = "a.key"}\n'))


@pytest.mark.parametrize(
    "octets",
    [pem(RSA), pem(RSA, kind=PrivateFormat.TraditionalOpenSSL), pem(ed25519.Ed25519PrivateKey.generate())],
    ids=["PKCS 8", "as OpenDKIM makes them", "Ed25519"],
)
def test_a_file_that_can_be_used(tmp_path, octets):
    assert read_key("a", file(tmp_path, octets)).record.startswith("v=DKIM1; k=")


def test_two_keys_of_a_kind_cannot_both_sign(tmp_path):
    for name in ("r1", "r2"):
        new_key(name, "rsa", tmp_path / f"{name}.key")
    with pytest.raises(BadConfig, match="r1, r2 are all rsa keys; sign with one of a kind, and put the others below `standby`"):
        load_signing_keys(settings(tmp_path, '[dkim."council.example"]\nsign = {r1 = "r1.key", r2 = "r2.key"}\n'))


def test_a_domain_in_two_spellings(tmp_path):
    new_key("r1", "rsa", tmp_path / "r1.key")
    text = "".join(f'[dkim."{name}"]\nsign = {{r1 = "r1.key"}}\n' for name in ("münchen.example", "xn--mnchen-3ya.example"))
    with pytest.raises(BadConfig, match="stands there twice, in two spellings"):
        load_signing_keys(settings(tmp_path, text))


# --- outgate dkim new-key -----------------------------------------------------------------------------------------------


def strings(said: str) -> list[str]:
    return re.findall(r'"([^"]{20,})"', said.partition("TXT (")[2].partition(")")[0])


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_new_key_and_its_record(tmp_path, kind):
    write(tmp_path, GOOD)
    code, said = run(tmp_path, "new-key", "council.example", "--selector", "outgate1", "--type", kind)
    path = tmp_path / "var/dkim/council.example.outgate1.key"
    record = "".join(strings(said))

    assert code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert [folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert f"{NAME}. 3600 IN TXT (" in said
    assert max(map(len, strings(said))) <= 255
    assert what_is_wrong((record,), read_key("outgate1", path)) == ""
    public = subprocess.run(("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"), capture_output=True, check=True).stdout
    assert public.endswith(_decoded(record))


def _decoded(record: str) -> bytes:
    return base64.b64decode(record.partition("p=")[2])


def test_the_steps_lead_from_nothing_to_a_new_key_and_mail_is_never_unsigned(tmp_path):
    """What is printed is written into the settings as it stands, step by step."""
    write(tmp_path, GOOD)
    signing = []
    for words in (("--selector", "r1"), ("--selector", "e1", "--type", "ed25519"), ("--selector", "r2")):
        code, said = run(tmp_path, "new-key", "council.example", *words)
        assert code == 0, said
        for section in re.findall(r"^   \[dkim\..+\n(?:   [a-z]+ = .+\n?)+", said, re.MULTILINE):
            assert tomllib.loads(section)
            (domain,) = load_signing_keys(settings(tmp_path, re.sub("^   ", "", section, flags=re.MULTILINE))).domains.values()
            signing.append(([one.selector for one in domain.signing], [one.selector for one in domain.standby]))

    assert signing == [
        ([], ["r1"]),
        (["r1"], []),
        (["r1"], ["e1"]),
        (["r1", "e1"], []),
        (["r1", "e1"], ["r2"]),
        (["r2", "e1"], ["r1"]),
    ]  # fmt: skip
    assert "4. A week later take r1 out of `standby`" in said


def test_a_key_is_made_where_it_outlives_the_machine(tmp_path):
    """Found: below [processes] state, which may be /run/outgate as deploy/systemd has it: after a restart the key was gone."""
    write(tmp_path, GOOD + f'[vault]\nurl = "kept/vault"\nkeys = "kept/keys"\n[processes]\nstate = "{tmp_path / "run"}"\n')
    code, said = run(tmp_path, "new-key", "council.example", "--selector", "a")

    assert (code, "kept/dkim/council.example.a.key" in said) == (0, True), said
    assert (tmp_path / "kept/dkim/council.example.a.key").is_file()
    assert not (tmp_path / "run").exists()


def test_nothing_is_written_over(tmp_path):
    write(tmp_path, GOOD)
    run(tmp_path, "new-key", "council.example", "--selector", "a")
    before = (tmp_path / "var/dkim/council.example.a.key").read_bytes()
    code, said = run(tmp_path, "new-key", "council.example", "--selector", "a")

    assert code == 1
    assert "is there already, and may be in use; choose another --selector" in said
    assert (tmp_path / "var/dkim/council.example.a.key").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "var/dkim").iterdir()) == ["council.example.a.key"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write where it owns nothing")
def test_root_makes_no_key_that_the_service_cannot_read(tmp_path):
    write(tmp_path, GOOD)
    (tmp_path / "var").mkdir()
    os.chown(tmp_path / "var", 65534, 65534)
    code, said = run(tmp_path, "new-key", "council.example")

    assert code == 1
    assert "belongs to user nobody, and you are root: run it as that user, or name another --file" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("x y",), "`x y` is no domain; write example.gov.uk"),
        (("council.example", "--selector", "a/../b"), "`a/../b` is no selector"),
        (("a@[192.0.2.1]",), "is no domain"),
    ],
)
def test_what_no_key_can_be_made_for(tmp_path, words, says):
    write(tmp_path, GOOD)
    code, said = run(tmp_path, "new-key", *words)

    assert (code, says in said) == (1, True), said


def test_a_domain_is_taken_from_an_address_and_named_as_the_settings_do(tmp_path):
    write(tmp_path, GOOD)
    _, said = run(tmp_path, "new-key", "ann@münchen.example", "--selector", "a")

    assert "a._domainkey.xn--mnchen-3ya.example. 3600 IN TXT" in said
    assert '[dkim."münchen.example"]' in said


# --- outgate dkim check -------------------------------------------------------------------------------------------------


def cut(record: str) -> str:
    return " ".join(f'"{record[at : at + 255]}"' for at in range(0, len(record), 255))


def test_the_dns_is_asked_for_every_key(tmp_path):
    found = [new_key(name, "rsa", tmp_path / f"{name}.key") for name in ("a", "b")]
    settings(tmp_path, '[dkim."council.example"]\nsign = {a = "a.key"}\nstandby = {b = "b.key"}\n')
    with names({"a._domainkey.council.example": (cut(found[0].record),)}) as server:
        code, said = run(tmp_path, "check", "--server", server)

    assert code == 1
    assert said == (
        "ok    a._domainkey.council.example (signs): the record is that of the key\n"
        "LOOK  b._domainkey.council.example (stands by): there is no TXT record\n"
    )


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ((), "there is no TXT record"),
        (('"v=spf1 -all"',), "the TXT record is no DKIM key: it has no p="),
        (('"v=DKIM1; p="',), "the key is revoked there: p= is empty"),
        (('"v=DKIM1; k=rsa; p=AAAA"', '"v=DKIM1; k=rsa; p=BBBB"'), "there are 2 TXT records at this name"),
    ],
)
def test_what_the_dns_may_say(tmp_path, records, says):
    new_key("a", "rsa", tmp_path / "a.key")
    settings(tmp_path, '[dkim."council.example"]\nsign = {a = "a.key"}\n')
    with names({"a._domainkey.council.example": records}) as server:
        code, said = run(tmp_path, "check", "council.example", "--server", server)

    assert code == 1
    assert says in said


def test_a_name_server_that_is_silent_is_no_missing_record():
    with names({NAME: None}) as server, pytest.raises(TryLater, match=f"the DNS gives no answer for {re.escape(NAME)}: "):
        look_up(NAME, server, 0.3)


def test_doctor_looks_at_every_record_and_at_domains_that_nobody_signs_for(tmp_path):
    made = new_key("a", "rsa", tmp_path / "a.key")
    text = '[dkim."council.example"]\nsign = {a = "a.key"}\nstandby = {b = "b.key"}\n'
    new_key("b", "rsa", tmp_path / "b.key")
    found = load(write(tmp_path, GOOD.replace('["council.example"]', '["council.example", "else.example"]') + text))
    with names({"a._domainkey.council.example": (cut(made.record),)}) as server:
        looks = [str(look) for look in look_at_signing(found, None, server)]

    assert looks == [
        "ok    dkim: a._domainkey.council.example: the record is that of the key",
        "LOOK  dkim: b._domainkey.council.example: there is no TXT record",
        "LOOK  dkim: what the gateway changes or writes for else.example leaves unsigned: outgate dkim new-key else.example",
    ]


@pytest.mark.parametrize(("text", "is_well", "says"), [
    ("", False, 'no [dkim."DOMAIN"]: mail that the gateway changes or writes leaves unsigned'),
    ('[dkim."council.example"]\nsign = {a = "a.key"}\n', False, "a.key: No such file or directory"),
])  # fmt: skip
def test_doctor_says_what_keeps_mail_unsigned(tmp_path, text, is_well, says):
    (look,) = look_at_signing(settings(tmp_path, text), None)

    assert (look.is_well, says in look.says) == (is_well, True), look


OWN_LINKS = '[place.own]\nkind = "own"\n[portal]\nurl = "https://files.council.example"\n'
TRIGGERED = '[next_hop.sealed]\nhost = "127.0.0.1"\nport = 10027\ntrigger_header = "X-Encrypt: yes"\n'


@pytest.mark.parametrize(
    ("text", "pack", "says"),
    [
        ("", policy(rules=()), "but here none is changed, and only notices are written; outgate dkim new-key council.example"),
        (OWN_LINKS, policy(rules=()), "and mail is changed here: route `links` takes files out; outgate dkim new-key council.example"),
        (TRIGGERED, policy(rules=()), "and mail is changed here: route `sealed` adds a field for its next hop; "),
        ("", policy(), "and mail is changed here: rule `stamp-it` stamps it; "),
        ("", None, "and whether any is changed here is not known: the policy cannot be read; outgate dkim new-key council.example"),
    ],
)
def test_without_a_key_doctor_is_content_only_where_no_mail_is_changed(tmp_path, text, pack, says):
    """Found: it called it well that copies without their files left unsigned, and that none are where the policy cannot be read."""
    (look,) = look_at_signing(settings(tmp_path, text), pack)

    assert says in look.says
    assert look.is_well is ("none is changed" in says)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("v=DKIM1; k=rsa; p={p}", ""),
        ("p={p}", ""),
        ("v=DKIM1;k=rsa;s=email:x;t=s;h=sha256;n=note;p={p};", ""),
        ("v=DKIM1; k=rsa; p={half} {rest}", ""),
        ("v=DKIM1; k=rsa; p={half}", "another key than the file, as if it had been cut off"),
        ("v=DKIM1; k=rsa; p=AAAA", "another key than the file"),
        ("v=DKIM1; k=ed25519; p={p}", "a key of kind ed25519, the file one of kind rsa"),
        ("v=DKIM2; k=rsa; p={p}", "v=DKIM2 must be v=DKIM1"),
        ("v=DKIM1; t=y; k=rsa; p={p}", "t=y says that you are only testing"),
        ("v=DKIM1; h=sha1; k=rsa; p={p}", "h=sha1 does not allow sha256"),
        ("v=DKIM1; s=tlsrpt; k=rsa; p={p}", "s=tlsrpt does not allow it for email"),
    ],
)
def test_what_keeps_receivers_from_verifying(record, says):
    public = key("rsa").public
    found = what_is_wrong((record.format(p=public, half=public[:100], rest=public[100:]),), key("rsa"))

    assert found == "" if not says else says in found


@pytest.mark.parametrize("shape", ["one piece", "zone file", "in lines"])
def test_a_record_in_a_file_is_compared_without_the_dns(tmp_path, shape):
    made = new_key("a", "rsa", tmp_path / "a.key")
    settings(tmp_path, '[dkim."council.example"]\nsign = {a = "a.key"}\n')
    pieces = cut(made.record)
    text = {"one piece": made.record, "zone file": f"a._domainkey IN TXT ( {pieces} ) ; ours", "in lines": pieces.replace(" ", "\n")}
    (tmp_path / "record.txt").write_text(text[shape])

    assert run(tmp_path, "check", "--record", str(tmp_path / "record.txt")) == (
        0, "ok    a._domainkey.council.example (signs): the record is that of the key\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "there are 2 keys; say which: DOMAIN and --selector"),
        (("council.example", "--selector", "z"), "has no selector `z` for council.example"),
        (("else.example",), 'has no [dkim."else.example"]; there are: council.example.'),
    ],
)
def test_a_question_about_nothing(tmp_path, words, says):
    for name in ("a", "b"):
        new_key(name, "rsa", tmp_path / f"{name}.key")
    settings(tmp_path, '[dkim."council.example"]\nsign = {a = "a.key"}\nstandby = {b = "b.key"}\n')
    (tmp_path / "record.txt").write_text("p=")
    code, said = run(tmp_path, "check", *words, "--record", str(tmp_path / "record.txt"))

    assert (code, says in said) == (1, True), said


def test_without_keys_the_way_to_the_first_is_shown(tmp_path):
    write(tmp_path, GOOD)
    code, said = run(tmp_path, "check")

    assert code == 1
    assert said.endswith('has no [dkim."DOMAIN"]: what the gateway changes leaves unsigned. Begin with: outgate dkim new-key DOMAIN\n')
