"""The embedded next hop keeps what it was given, octet for octet, durably, and in its own folder whatever the address says."""

import asyncio
import errno
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Hop
from gateway.edges.maildir import Maildir, folder_name
from gateway.model.envelope import Address, Recipient
from gateway.model.outcome import Copy, Splice
from gateway.ports.next_hop import Handed
from tests.edges.relaying import LARGE, SMALL, A, B, Octets, check, copy_of, recipient, words


def hand_over(folder: Path, *copies: Copy, seconds: float = 20) -> list[tuple[Handed, ...]]:
    async def work() -> list[tuple[Handed, ...]]:
        hop = Maildir("local", Hop(maildir=folder, trigger_header="X-Secure: yes"), "gw.example/:1")
        assert hop.trigger_header == "X-Secure: yes"
        found = [await hop.hand_over(copy, time.monotonic() + seconds) for copy in copies]
        await hop.close()
        return found

    found = asyncio.run(work())
    for copy, handed in zip(copies, found, strict=True):
        check(copy, handed)
    return found


def test_each_recipient_has_the_message_as_it_is(tmp_path: Path) -> None:
    copy = copy_of(LARGE, A, B, splices=(Splice(0, 15),))
    (handed,) = hand_over(tmp_path / "mail", copy)

    assert words(handed) == ["250 2.1.5"] * 2
    assert not any(one.dsn for one in handed)
    for name in (A, B):
        (path,) = (tmp_path / "mail" / name / "new").iterdir()
        assert path.read_bytes() == copy.head + LARGE[15:]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (tmp_path / "mail").rglob("*"):
        assert not folder.is_dir() or stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list((tmp_path / "mail" / A / "tmp").iterdir())
    assert not list((tmp_path / "mail" / A / "cur").iterdir())


def test_names_are_unique_and_readable(tmp_path: Path) -> None:
    hand_over(tmp_path, *[copy_of(SMALL, A)] * 50)

    names = [path.name for path in (tmp_path / A / "new").iterdir()]
    assert len(names) == 50
    assert all(name.endswith(".gw.example__1") and ":" not in name for name in names)


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("Bob.Smith@Example.ORG", "bob.smith@example.org"),
        ("a+b=c_d-e@x.example", "a+b=c_d-e@x.example"),
        ("../../etc/passwd@x.example", "%2E./..%2Fetc"),
        ("a@../../x", "a@%2E./"),
        ("a@b@x.example", "a%40b@x.example"),
        ("50%@x.example", "50%25@x.example"),
        ("nul\0@x.example", "nul%00@x.example"),
        ("j\u00f6rg@b\u00fccher.example", "j%C3%B6rg@b%C3%BCcher.example"),
        ("a@[192.0.2.1]", "a@%5B192.0.2.1%5D"),
        ("-rf@x.example", "%2Drf@x.example"),
    ],
)
def test_the_name_of_a_folder_is_the_address(wire: str, name: str) -> None:
    found = folder_name(recipient(wire))

    assert found == (name if "/" not in name else found)
    assert "/" not in found


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_address_leads_out_of_its_folder(local_part: str, domain: str) -> None:
    name = folder_name(Recipient(Address(f"{local_part}@{domain}", local_part, domain)))

    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & {"/", "\\", "\0"}
    assert name[0] not in ".-"
    assert 0 < len(name) <= 200


@given(
    st.text("aA@%./\u00e9-", max_size=6),
    st.text("aA@%./\u00e9-", max_size=6),
    st.text("aA@%./\u00e9-", max_size=6),
    st.text("aA@%./\u00e9-", max_size=6),
)
def test_two_mailboxes_never_share_a_folder(one: str, its: str, other: str, others: str) -> None:
    first, second = Address(f"{one}@{its}", one, its), Address(f"{other}@{others}", other, others)
    same = (one.casefold(), its.casefold()) == (other.casefold(), others.casefold())

    assert (folder_name(Recipient(first)) == folder_name(Recipient(second))) == same


def test_past_the_deadline_nothing_is_begun(tmp_path: Path) -> None:
    (handed,) = hand_over(tmp_path / "mail", copy_of(), seconds=0)

    assert words(handed) == ["451 4.4.1"] * 2
    assert not (tmp_path / "mail").exists()


def test_a_folder_that_cannot_be_made_defers_its_recipient_only(tmp_path: Path) -> None:
    (tmp_path / A).write_text("in the way")
    (handed,) = hand_over(tmp_path, copy_of())

    assert words(handed) == ["451 4.3.1", "250 2.1.5"]


def test_a_full_disk_leaves_nothing_half_done(tmp_path: Path) -> None:
    class Full(Octets):
        def read(self, start: int, end: int) -> bytes:
            if start:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().read(start, end)

    copy = copy_of(SMALL, A)
    copy = Copy(copy.reverse_path, copy.recipients, copy.head, Full(LARGE), eight_bit=False, smtputf8=False)
    (handed,) = hand_over(tmp_path, copy)

    assert words(handed) == ["451 4.3.1"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_link_in_the_place_of_the_mail_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mail" / A).mkdir(parents=True)
    (tmp_path / "mail" / A / "new").symlink_to(tmp_path / "nowhere")
    (handed,) = hand_over(tmp_path / "mail", copy_of(SMALL, A))

    assert words(handed) == ["451 4.3.1"]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_file_then_name_then_folders_are_synced_before_the_answer(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from tests.edges.test_maildir import *; hand_over(Path(sys.argv[1]), copy_of(SMALL, A))"
    calls = ["strace", "-f", "-y", "-qq", "-e", "trace=fsync,rename", "-o", str(tmp_path / "trace")]
    root = Path(__file__).resolve().parents[2]
    subprocess.run([*calls, sys.executable, "-c", code, str(tmp_path / "mail")], check=True, cwd=root, timeout=60)

    trace = (tmp_path / "trace").read_text().replace(str(tmp_path), "TMP").splitlines()
    seen = [re.sub(r"/[0-9.]+P\w+\.gw[^/>\"]*", "/NAME", line.split(None, 1)[1]) for line in trace if "TMP/mail" in line or "<TMP>" in line]
    box = f"TMP/mail/{A}"
    assert [re.sub(r"fsync\(\d+<(.*)>\) += 0", r"fsync \1", line) for line in seen] == [
        f"fsync {box}/tmp/NAME",
        f'rename("{box}/tmp/NAME", "{box}/new/NAME") = 0',
        f"fsync {box}/new",
        f"fsync {box}",
        "fsync TMP/mail",
        "fsync TMP",
    ]


def test_a_hop_without_a_maildir_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="local has no maildir"):
        Maildir("local", Hop(host="127.0.0.1"), "gw.example")
