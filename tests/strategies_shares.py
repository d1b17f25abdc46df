"""Hypothesis strategies for mail of which a share may take something: files too large or too sensitive for the routes that there are."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from gateway.model.facts import Facts, FileFacts, MessageFacts, SenderFacts
from gateway.model.finding import Readable
from gateway.model.message import Fixed
from gateway.policy.rules import Act, Ask, Never, Route, Rule
from tests import strategies as world
from tests.strategies_facts import EVIDENCE, MB, NEEDS, OWN, REGISTERS, SEARCHED, STRANGE_EVIDENCE, TODAY, several

FILES, BOTH = frozenset(NEEDS[:1]), frozenset(NEEDS)
NOBODY: frozenset[str] = frozenset()
PLAIN, ENCRYPTED, LINK = "plain", "encrypted", "link"

TAME = replace(world.OPEN, protections={NEEDS[0]: "files", NEEDS[1]: "message"})
# What packs of the house ask for, and what is harder: rules about the whole, rules that a cut could bring up.
ASKING = (
    Rule("files", (Ask("classification", "at_least", ("files", 1, None)),), (), (Act("require", FILES),)),
    Rule("restricted", (Ask("classification", "at_least", ("files", 2, None)),), (), (Act("require", FILES),)),
    Rule("words", (Ask("classification", "at_least", ("words", 1, None)),), (), (Act("require", frozenset(NEEDS[1:])),)),
    Rule("whole", (Ask("classification", "at_least", ("any", 2, None)),), (), (Act("require", BOTH),)),
    Rule("many", (Ask("attachments", "above", 12 * MB),), (), (Act("require", FILES),)),
    Rule("several", (Ask("files", "at_least", 2), Ask("category", "any", frozenset({"health"}))), (), (Act("require", FILES),)),
    Rule("below", (Ask("classification", "below", ("files", 2, None)),), (), (Act("confirm", held_for="sender"),)),
    Rule("unless", (), (Ask("classification", "at_least", ("files", 2, None)),), (Act("hold", held_for="officer"),)),
    Rule("few", (Ask("attachments", "at_most", 12 * MB),), (), (Act("require", BOTH),)),
)
NEVERS = (
    (),
    (Never("in-clear", (Ask("classification", "at_least", ("any", 2, None)),), frozenset(NEEDS[1:])),),
    (Never("by-plain", (Ask("classification", "at_least", ("files", 2, None)),), routes=frozenset({PLAIN})),),
    (Never("large", (Ask("attachments", "above", 12 * MB),), routes=frozenset({ENCRYPTED})),),
    (Never("below", (Ask("classification", "below", ("files", 2, None)),), released=True),),
    (Never("by-link", (Ask("category", "any", frozenset({"health"})),), routes=frozenset({LINK})),),
)


PLAINLY = MessageFacts(
    0, SenderFacts("someone@own.example", OWN, ours=True, groups=(("justice", True), ("urgent", False))), looked_for=SEARCHED
)
STRANGER = Facts(
    PLAINLY, "b@stranger.example", "b@stranger.example", "stranger.example", TODAY, registers=tuple((name, None) for name in REGISTERS)
)


@st.composite
def facts(draw, *, wild=True):
    """One to four files, of which some are large, some restricted, and some cannot be taken out. `wild`: of anybody, to anybody."""
    base = draw(world.facts()) if wild else STRANGER
    files = tuple([_file(draw, str(number)) for number in range(2, 3 + draw(st.integers(0, 3)))])
    inner = tuple([replace(_file(draw, "2/1"), inside="2", wire_octets=0, fixed=None)] if draw(st.integers(0, 3)) == 0 else [])
    found = (files[0], *inner, *files[1:])
    defects = frozenset[str]().union(*[file.defects for file in found])
    wire = 1000 + sum(file.wire_octets for file in found)
    return replace(base, message=replace(base.message, files=found, sent_as=None, wire_octets=wire, defects=defects))


def _file(draw, name):
    octets = draw(st.sampled_from([1000, 4 * MB, 9 * MB, 13 * MB, 16 * MB]))
    evidence = draw(several(st.sampled_from((*EVIDENCE, *EVIDENCE, STRANGE_EVIDENCE)), 1))
    fixed = draw(st.sampled_from([None, None, None, None, None, Fixed.SIGNED]))
    odd = draw(st.sampled_from([NOBODY, NOBODY, NOBODY, frozenset({"readings-disagree"})]))
    return FileFacts(name, None, f"file-{name}.docx", "text/plain", octets, octets * 78 * 4 // (76 * 3), Readable.YES, evidence, fixed, odd)


def _some(*choices):
    return st.sampled_from(choices)


ROUTES = st.tuples(
    st.builds(
        lambda **more: Route(PLAIN, "relay", "hop", **more),
        message_limit=_some(20 * MB, 35 * MB),
        not_for=_some(NOBODY, NOBODY, frozenset({"schools"})),
    ),
    st.builds(
        lambda **more: Route(ENCRYPTED, "relay", "hop", provides=BOTH, **more),
        attachments_limit=_some(12 * MB, 12 * MB, None),
        senders=_some(NOBODY, NOBODY, frozenset({"justice"})),
    ),
    st.builds(
        lambda limits, **more: Route(LINK, "share", place="own", expires_after=timedelta(days=14), **limits, **more),
        limits=_some({}, {}, {"file_limit": 13 * MB}, {"attachments_limit": 20 * MB}),
        provides=_some(NOBODY, FILES, FILES, FILES),
        not_for=_some(NOBODY, NOBODY, frozenset({"partners"})),
    ),
)


@st.composite
def packs(draw, *, wild=True):
    """A pack with a relay in clear, one that encrypts, and a share, in some order; rules that ask for what they give.

    `wild`: and any others, with exceptions, overrides and whatever no_route may do.
    """
    base = draw(world.packs()) if wild else TAME
    rules = draw(st.lists(_some(*ASKING), min_size=1, max_size=3, unique=True))
    routes = draw(ROUTES.flatmap(st.permutations))
    routes = routes if draw(st.integers(0, 4)) else [route for route in routes if route.name != ENCRYPTED]
    others = base.rules if wild and draw(st.booleans()) else ()
    return replace(base, rules=(*rules, *others), routes=tuple(routes), nevers=draw(_some(*NEVERS)))
