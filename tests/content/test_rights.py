"""message.rpmsg and .pfile: a real one is protected, and what zlib alone hides is read."""

import zlib

import pytest

from gateway.model.finding import Readable
from tests.build import docx, noise
from tests.build.rights import MAGIC, packed_blocks, rights_protected
from tests.content.reading import look, seen

WORDS = b"RESTRICTED\n" + b"The plan for the old mill. " * 400


def test_a_real_one_is_protected_and_says_nothing_else() -> None:
    (file,) = look(rights_protected(), "message.rpmsg", "application/x-microsoft-rpmsg-message")

    assert file.readable is Readable.RIGHTS_PROTECTED
    assert seen(file) == {("rights-protected", "")}


@pytest.mark.parametrize(
    "octets",
    [
        packed_blocks(WORDS),
        packed_blocks(WORDS, each=True),
        packed_blocks(docx(["x"], header="RESTRICTED")),
        MAGIC + zlib.compress(WORDS),
        MAGIC + noise(500) + zlib.compress(WORDS, 1) + noise(500),
        MAGIC + zlib.compress(WORDS)[:-20],
        rights_protected() + zlib.compress(WORDS),
        rights_protected({"notes": WORDS}),
        rights_protected(content=zlib.compress(WORDS)),
        b".pfile" + noise(500) + zlib.compress(WORDS),
    ],
)
def test_zlib_in_a_fake_message_rpmsg_reached_outsiders_in_clear(octets: bytes) -> None:
    file, *members = look(octets, "message.rpmsg", "application/x-microsoft-rpmsg-message")

    assert file.readable is Readable.RIGHTS_PROTECTED
    assert "restricted" in {name for found in (file, *members) for name, _ in seen(found)}


def test_words_in_the_licence_are_read_as_properties() -> None:
    (file,) = look(rights_protected(licence="NHS number: 485 777 3457, OFFICIAL-SENSITIVE"), "message.rpmsg")

    assert ("sensitive", "properties") in seen(file)
    assert "nhs-number" in {name for name, _ in seen(file)}


@pytest.mark.slow
def test_a_bomb_in_it_is_over_budget() -> None:
    file, *_ = look(packed_blocks(bytes(250_000_000)), "message.rpmsg")

    assert file.readable is Readable.OVER_BUDGET
