"""A large spooled message looks like bytes to whoever searches it, wherever its pieces end."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.edges import spool
from gateway.edges.spool import Spool

NEEDLES = (b"\r\n--edge", b"x", b"--edge--", b"nowhere")


@given(
    st.lists(st.sampled_from((b"\r\n", b"--edge", b"--", b"x", b"a" * 7)), max_size=60),
    st.sampled_from(NEEDLES),
    st.integers(0, 80),
    st.integers(0, 400),
)
def test_a_view_finds_what_bytes_would(pieces, needle, start, end):
    octets = b"".join(pieces)
    with tempfile.TemporaryDirectory() as folder:
        writer = Spool(Path(folder), memory_octets=0)()
        writer.write(octets or b"x")
        octets = octets or b"x"
        content = writer.finish()
        before, spool._WRITE_OCTETS = spool._WRITE_OCTETS, 11
        try:
            with content.view() as view:
                assert len(view) == len(octets)
                assert view[start:end] == octets[start:end]
                assert view.find(needle, start, end) == octets.find(needle, start, end)
                assert view.rfind(needle, start, end) == octets.rfind(needle, start, end)
                assert view.find(needle) == octets.find(needle)
        finally:
            spool._WRITE_OCTETS = before
            content.close()
