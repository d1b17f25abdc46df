"""Content with its splices made is what it will be on the wire, wherever it is read."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.edited import Edited
from gateway.model.outcome import Splice
from tests.doubles import Octets


@st.composite
def edits(draw):
    octets = draw(st.binary(max_size=60))
    cuts = sorted(draw(st.lists(st.integers(0, len(octets)), max_size=8)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return octets, tuple(Splice(start, end, draw(st.binary(max_size=5))) for start, end in pairs)


@given(edits(), st.integers(0, 90), st.integers(0, 90))
def test_it_reads_as_if_it_had_been_written_anew(edit, start, end):
    octets, splices = edit
    new, at = b"", 0
    for splice in (*splices, Splice(len(octets), len(octets))):
        new += octets[at : splice.start] + splice.octets
        at = splice.end
    content = Edited(Octets(octets), splices)

    assert content.octets == len(new)
    assert content.read(0, content.octets) == new
    assert content.read(start, end) == new[start:end]
    with content.view() as view:
        assert view.find(b"\n", start) == new.find(b"\n", start)
        assert view[start:end] == new[start:end]
