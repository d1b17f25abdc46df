"""Signatures are found where bytes.find finds them, and an archive knows no more of an entry than it has unpacked of that one."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.content.reading import Budget, Spent
from gateway.content.signatures import finder
from gateway.content.zips import Archive
from tests.build import zip_of

SIGNATURES = (b"PK\x03\x04", b"\x00\x00", b"a\nb", b".*", b"\xff\x00\xff", b"MSCF\0\0\0\0")


@pytest.mark.parametrize("signature", SIGNATURES)
@given(data=st.data())
def test_as_bytes_find_has_it(signature: bytes, data: st.DataObject) -> None:
    octets = data.draw(
        st.lists(st.sampled_from((signature, signature[:-1], signature[1:], b"x", b"\xc3\xa9", b"\n")), max_size=12).map(b"".join)
    )
    start = data.draw(st.integers(0, len(octets) + 2))

    assert finder(signature)(octets, start) == octets.find(signature, start)


def test_the_beginning_of_a_small_entry_is_that_of_the_entry_itself() -> None:
    """Two headers may point to the same octets and have them be different things."""
    archive = Archive(zip_of({"a": b"one of them " * 9, "b": b"the other " * 9}))
    first, second = archive.entries
    packed = archive.data[first.at + 31 : first.at + 31 + first.packed]

    assert archive.read(first, Spent(Budget())) == b"one of them " * 9
    assert archive.begin_of(first, 3) == b"one"
    assert archive.begin_of(second, 3) == b"the"
    assert archive.begin_of(first._replace(method=0), 5) == packed[:5]
    assert zlib.decompress(packed, -15).startswith(archive.begin_of(first._replace(packed=first.packed - 2), 20))
