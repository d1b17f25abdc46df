"""Distribution lists of a pack: who gets the mail in the end, what is unknown of it, and what is said of a mistake."""

from datetime import UTC, date, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.envelope import Address
from gateway.model.facts import UNKNOWN, MessageFacts, SenderFacts
from gateway.policy.parse_pack import load_pack
from gateway.policy.recipients import facts_of
from gateway.studio.check import check
from tests.policy.packs import BESIDE, OWN, SMALL, problems

ASKS = "  - {id: list-asks, when: {list: {external_members: {at_least: 1}, uncleared_members: {at_least: 1}}}, hold: {for: officer}}\n"
TEXT = SMALL.replace("rules:\n", "rules:\n" + ASKS)
LISTS = "lists:\n  - {address: all@own, members: 3}\n"
PARTNERS = "entries:\n  - {domain: partner.example, agreement: A-1, highest: internal, review_by: 2026-06-30}\n"
SUB = "\n  - {address: sub@own, members: 300, external_members: 40}"


def files(lists: str, text: str = TEXT) -> dict[str, bytes]:
    return {"pack.yaml": text.encode(), **BESIDE, "lists.yaml": f"lists:{lists}\n".encode()}


def known(*lists: str):
    """The first list of these, all of which load without a warning about them."""
    return load_pack(files("\n  - " + "\n  - ".join(lists)), OWN).snapshot.lists["all@example.org"]


@pytest.mark.parametrize(
    ("rows", "members", "external", "uncleared"),
    [
        (["{address: all@own, members: [a@own, b@own, c@else.example]}"], 3, 1, ()),
        (["{address: all@own, members: [a@own, A@OWN]}"], 1, 0, ()),
        (["{address: all@own, members: 312, external_members: 2, cleared: {secret: 308}}"], 312, 2, (("secret", 4),)),
        # Nothing is said of who they are: that is unknown, never nobody.
        (["{address: all@own, members: []}"], UNKNOWN, UNKNOWN, ()),
        (["{address: all@own, members: 0, cleared: {secret: 0}}"], UNKNOWN, UNKNOWN, (("secret", UNKNOWN),)),
        (["{address: all@own, members: [], cleared: {secret: []}}"], UNKNOWN, UNKNOWN, (("secret", UNKNOWN),)),
        (["{address: all@own, members: 312, cleared: {secret: all}}"], 312, UNKNOWN, (("secret", 0),)),
        # Two cleared people of two members: they may be others.
        (["{address: all@own, members: 2, external_members: 0, cleared: {secret: [a@x.org, b@x.org]}}"], 2, 0, (("secret", UNKNOWN),)),
        (["{address: all@own, members: [a@own, b@own], cleared: {secret: [a@own, c@own]}}"], 2, 0, (("secret", 1),)),
        # A list within a list is its members, however its address is written.
        (["{address: all@own, members: [a@own, sub@own]}", "{address: sub@own, members: 300, external_members: 40}"], 301, 40, ()),
        (["{address: all@own, members: [a@own, sub@example.org]}", "{address: sub@own, members: [b@x.example, c@own]}"], 3, 1, ()),
        (["{address: all@own, members: [a@own, sub@own]}", "{address: sub@example.org, members: [b@x.example]}"], 2, 1, ()),
        (["{address: all@own, members: [a@own, sub@own]}", "{address: sub@own, members: 300}"], 301, UNKNOWN, ()),
        (["{address: all@own, members: [a@own, sub@own]}", "{address: sub@own, members: []}"], UNKNOWN, UNKNOWN, ()),
        (["{address: all@own, members: [a@own, sub@own]}", "{address: sub@own, members: [all@own]}"], 1, 0, ()),
        (
            ["{address: all@own, members: [a@own, sub@own], cleared: {secret: [a@own, sub@own]}}", "{address: sub@own, members: 3}"],
            4,
            UNKNOWN,
            (("secret", UNKNOWN),),
        ),
    ],
)  # fmt: skip
def test_what_is_known_of_a_list(rows, members, external, uncleared):
    found = known(*rows)

    assert (found.members, found.external, found.uncleared) == (members, external, uncleared)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            "\n  - {address: all@own, members: 3}\n  - {address: ALL@own, members: 3}",
            "lists.yaml:3:15: `all@own` stands twice: also in line 2; keep one",
        ),
        (
            "\n  - {address: all@own, members: 3}\n  - {address: all@example.org, members: 3}",
            "lists.yaml:3:15: `all@example.org` stands twice: also in line 2; keep one",
        ),
        (
            "\n  - {address: all@own, members: 312, cleared: {secret: 3120}}",
            "lists.yaml:2:56: clears 3120 of 312 members: more than there are; write how many of them are cleared",
        ),
        (
            "\n  - {address: all@own, members: [a@own], cleared: {secret: 2}}",
            "lists.yaml:2:60: clears 2 of 1 members: more than there are; write how many of them are cleared",
        ),
        (
            "\n  - {address: all@own, members: 3, external_members: 30}",
            "lists.yaml:2:54: says that 30 of 3 members are outsiders: more than there are",
        ),
    ],
)
def test_a_mistake_in_a_list_has_a_place_and_a_way_out(rows, says):
    assert says in list(map(str, problems(TEXT, files(rows))))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("{address: all@own, members: []}", "2:33: `all@own` has no members here, so nobody knows who gets its mail"),
        ("{address: all@own, members: 3}", "2:33: says how many get the mail, not how many of them are outsiders"),
        ("{address: all@own, members: 3, external_members: 0, cleared: {secret: [a@own]}}", "2:75: names people, but nobody knows"),
        ("{address: all@own, members: [a@own], cleared: {secret: [a@own, b@own]}}", "2:60: clears 1 who are no members of the list"),
    ],
)
def test_what_counts_as_unknown_is_told(rows, says):
    assert f"lists.yaml:{says}" in "\n".join(map(str, check(files(f"\n  - {rows}"), OWN, date(2026, 3, 1))))


def test_rules_about_lists_without_a_list_are_told():
    found = list(map(str, check(files(" []"), OWN, date(2026, 3, 1))))

    assert any(one.startswith("pack.yaml:30:5: rule `list-asks` asks about distribution lists, and none is known") for one in found), found


@pytest.mark.parametrize(
    "rows",
    [
        "\n  - {address: all@own, members: [a@own, b@own], cleared: {secret: [A@own], internal: all}}",
        "\n  - {address: all@own, members: 312, external_members: 0, cleared: {secret: 308, internal: all}}",
        "\n  - {address: all@own, members: [a@own, sub@own], cleared: {secret: 200}}" + SUB,
    ],
)
def test_of_a_list_that_says_everything_nothing_is_told(rows):
    assert not [one for one in check(files(rows), OWN, date(2026, 3, 1)) if "list" in one.says]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("as_of: 2026-01-01\nlists:", "lists.yaml:1:1: warning: `as_of:` does nothing without `valid_for:`"),
        ("valid_for: 7d\nlists:", "lists.yaml:1:1: warning: `valid_for:` does nothing without `as_of:`"),
        ("as_of: 2062-01-01\nvalid_for: 7d\nlists:", "lists.yaml:1:8: 2062-01-01 is still to come, so how old it is is not known"),
    ],
)
def test_an_export_that_never_gets_too_old_is_told(text, says):
    beside = {"lists.yaml": f"{text}\n  - {{address: all@own, members: 3}}\n".encode()}
    found = check({"pack.yaml": SMALL.encode(), **BESIDE, **beside}, OWN, date(2026, 3, 1))

    assert any(str(one).startswith(says.replace("warning: ", "")) and (one.severity == "warning") == ("warning" in says) for one in found)


def test_a_clock_in_another_zone_is_a_day_ahead_at_most():
    beside = {"partners.yaml": b"as_of: 2026-03-02\nvalid_for: 7d\nentries: []\n"}

    assert not check({"pack.yaml": SMALL.encode(), **BESIDE, **beside}, OWN, date(2026, 3, 1))


def test_what_is_of_a_day_still_to_come_is_unknown_where_it_is_served():
    """Found: as if it had been exported today, and for ever."""
    old, new = (f"as_of: {day}\nvalid_for: 30d\n" for day in ("2026-02-20", "2062-01-01"))
    beside = {name: (new + text).encode() for name, text in (("lists.yaml", LISTS), ("partners.yaml", PARTNERS))}
    beside |= {"others.yaml": (old + PARTNERS).encode()}
    text = SMALL.replace("  partners: {register", "  others: {register: others.yaml}\n  partners: {register")
    loaded = load_pack({"pack.yaml": text.encode(), **BESIDE, **beside}, OWN).snapshot
    nothing, at = MessageFacts(0, SenderFacts("", "", ours=True)), datetime(2026, 3, 1, 12, tzinfo=UTC)

    def seen(snapshot, at):
        facts = facts_of(Address("all@example.org", "all", "example.org"), nothing, snapshot, at)
        return facts.list is UNKNOWN, {name for name, row in facts.registers if row is UNKNOWN}

    assert seen(loaded.relied_on(), at) == (True, {"partners.yaml"})
    assert seen(loaded.relied_on(), datetime(2061, 12, 30, 23, tzinfo=UTC)) == (True, {"partners.yaml", "others.yaml"})
    assert seen(loaded.relied_on(), datetime(2061, 12, 31, tzinfo=UTC)) == (False, {"others.yaml"})  # a clock that was wrong has been set
    assert seen(loaded, at) == (False, set())
    assert list(loaded.to_come(at.date())) == ["partners.yaml", "lists.yaml"]
    assert not loaded.to_come(date(2061, 12, 31))


def test_how_many_are_outsiders_matters_only_where_a_rule_asks():
    assert not check(files("\n  - {address: all@own, members: 3}", SMALL), OWN, date(2026, 3, 1))


PEOPLE = st.lists(st.sampled_from(["a@own", "b@own", "c@own", "x@else.example", "y@else.example"]), min_size=1, max_size=4, unique=True)


@given(PEOPLE, PEOPLE, PEOPLE, st.sets(st.sampled_from(["members", "external", "cleared", "inner", "inner-external"])))
def test_what_a_file_leaves_open_never_counts_less_than_what_could_stand_there(outer, inner, cleared, hidden):
    """The same lists, once with every name, once with numbers or nothing in the place of some."""
    insiders = [who for who in cleared if who in {*outer, *inner}]
    full = [
        {"address": "all@own", "members": [*outer, "sub@own"], "cleared": {"secret": insiders}},
        {"address": "sub@own", "members": inner},
    ]
    blurred = yaml.safe_load(yaml.safe_dump(full))
    outsiders = [sum("else" in who for who in some) for some in ({*outer, *inner}, set(inner))]
    if "inner" in hidden:
        blurred[1]["members"] = len(inner)
        if "inner-external" not in hidden:
            blurred[1]["external_members"] = outsiders[1]
    if "members" in hidden:
        blurred[0]["members"] = len({*outer, *inner})
        if "external" not in hidden:
            blurred[0]["external_members"] = outsiders[0]
    if "cleared" in hidden and "members" in hidden:
        blurred[0]["cleared"] = {"secret": len(insiders)}
    exact, guessed = (load_pack(files("\n" + yaml.safe_dump(some)), OWN).snapshot.lists["all@example.org"] for some in (full, blurred))

    for sure, open_ in zip(numbers(exact), numbers(guessed), strict=True):
        assert open_ is UNKNOWN or open_ >= sure


def numbers(of):
    return of.members, of.external, *(count for _, count in of.uncleared)
