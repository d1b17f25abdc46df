"""What a share takes out of a mail, and how the rest goes: decisions that a reader of DESIGN section 4 would want to see, one by one."""

import pytest

from gateway.decide import decide
from gateway.mime.sizes import BLOCK_OCTETS, MB, PART_OVERHEAD_OCTETS, encoded_octets
from gateway.model.decision import Verdict
from gateway.studio.specimen import FactsRow, facts_of
from tests.policy.packs import OWN, SMALL, small

# ruff: noqa: E501 - rows of a pack are as long as officers write them
HEAD, _, TAIL = SMALL.partition("routes:\n")
ROUTES = """\
routes:
  internal: {kind: relay, next_hop: mailboxes, for: colleagues}
  plain: {kind: relay, next_hop: internet, not_for: colleagues, limits: {message: 20MB}}
  encrypted: {kind: relay, next_hop: exchange, not_for: colleagues, provides: [safe-files, safe-words], limits: {attachments: 12MB}, clause: a test}
  link: {kind: share, place: own, not_for: colleagues, provides: [safe-files], expires: {after: 14d}, clause: a test}
no_route:
  too_large: {do: confirm, guidance: too-large}
  otherwise: {do: hold, for: officer, guidance: help}
"""
RULES = """\
rules:
  - {id: files, when: {audience: outsiders, classification: {of: files, at_least: secret}}, require: [safe-files]}
  - {id: words, when: {audience: outsiders, classification: {of: words, at_least: secret}}, require: [safe-words]}
"""
PACK = HEAD.replace("{protected: message}", "{safe-files: files, safe-words: message}") + ROUTES + RULES
WHOLE = "  - {id: whole, when: {audience: outsiders, classification: {of: any, at_least: secret}}, require: [safe-words]}\n"


def decided(*files, pack=PACK, again=frozenset(), **row):
    policy = small(pack)
    rows = [{"name": name, "size": size, **(more[0] if more else {})} for name, size, *more in files]
    facts = facts_of(FactsRow.model_validate({"recipient": "b@else.example", "attachments": rows, **row}), policy, OWN)
    return decide(facts, policy, unusable=again)


def taken(decision):
    """Files of the mail are numbered from 2, as parts are: the words come first."""
    assert decision.verdict is Verdict.RELEASE
    return decision.route, "".join(decision.shared_files), decision.carried_by


def why_not(decision, route="link"):
    return {tried.route: tried.why_not for tried in decision.routes_tried}[route]


SECRET = {"classification": "secret"}
SIGNED = {"fixed": "signed"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([("a.pdf", "25MB")], ("link", "2", "plain")),
        ([("a.pdf", "10MB"), ("b.pdf", "8MB")], ("link", "3", "plain")),
        ([("a.pdf", "3MB"), ("b.pdf", "16MB"), ("c.pdf", "4MB")], ("link", "3", "plain")),
        ([("a.docx", "13MB", SECRET)], ("link", "2", "plain")),
        ([("a.docx", "13MB", SECRET), ("b.docx", "1MB", SECRET)], ("link", "2", "encrypted")),
        ([("a.docx", "7MB", SECRET), ("b.pdf", "7MB"), ("c.pdf", "7MB")], ("link", "2", "plain")),
        ([("a.docx", "11MB", SECRET), ("b.pdf", "1KB"), ("c.zip", "15MB")], ("link", "4", "encrypted")),
        ([("a.docx", "9MB", SECRET), ("b.docx", "9MB", SECRET), ("c.pdf", "15MB")], ("link", "24", "encrypted")),
    ],
    ids=["too big", "the smaller is enough", "one that is enough", "protected", "one protected by each", "only the secret one",
         "so that the rest can be encrypted", "two of three"],
)  # fmt: skip
def test_the_fewest_files_go_that_make_the_rest_lawful_and_small_enough(files, expected):
    assert taken(decided(*files)) == expected


def test_no_file_goes_that_some_route_could_carry_with_the_mail():
    assert taken(decided(("a.pdf", "3MB"))) == ("plain", "", None)
    assert taken(decided(("a.docx", "3MB", SECRET))) == ("encrypted", "", None)


def test_an_officer_who_prefers_the_link_puts_it_first():
    first = PACK.replace("  encrypted:", "  last:").replace("  link:", "  encrypted:").replace("  last:", "  link:")
    link = PACK.partition("  encrypted:")[0] + "  link:" + PACK.partition("  link:")[2].partition("\n")[0] + "\n"
    first = link + "  encrypted:" + PACK.partition("  encrypted:")[2].partition("  link:")[0] + "no_route:" + PACK.partition("no_route:")[2]

    assert taken(decided(("a.docx", "3MB", SECRET), pack=first)) == ("link", "2", "plain")
    assert taken(decided(("a.docx", "3MB", SECRET), ("b.docx", "3MB", SECRET), pack=first)) == ("link", "23", "plain")
    assert taken(decided(("a.pdf", "3MB"), words=SECRET, pack=first)) == ("encrypted", "", None)
    decision = decided(("a.docx", "3MB", SECRET), words=SECRET, pack=first)
    assert (decision.route, why_not(decision)) == ("encrypted", "no file has to go by it")


def test_what_covers_the_message_stays_with_the_message():
    """A 30 MB restricted file goes by the link and the covering mail encrypted; where nothing encrypts it, it waits."""
    decision = decided(("a.docx", "30MB", SECRET), pack=PACK + WHOLE)

    assert taken(decision) == ("link", "2", "encrypted")
    assert decision.needs == {"safe-files", "safe-words"}
    waiting = decided(("a.docx", "30MB", SECRET), pack=PACK + WHOLE, again=frozenset({"encrypted"}))
    assert (waiting.verdict, waiting.route) == (Verdict.HOLD, None)
    assert why_not(waiting) == "nothing that gives safe-words carries the rest"


def test_the_rest_is_weighed_with_the_words_that_we_add():
    """To the octet: what is left fits with the most that we may add, or one more file goes."""
    room = 20 * MB - 2000 - BLOCK_OCTETS
    most = max(size for size in range(14 * MB, 15 * MB, 19) if encoded_octets(size) + PART_OVERHEAD_OCTETS <= room)

    assert taken(decided(("a.pdf", f"{most}B"), ("b.pdf", "9MB"))) == ("link", "3", "plain")
    assert taken(decided(("a.pdf", f"{most + 57}B"), ("b.pdf", "9MB"))) == ("link", "2", "plain")


@pytest.mark.parametrize(
    ("files", "row", "says"),
    [
        ([], {"message_size": "40MB", "again": {"encrypted"}}, "there is no file to take out"),
        ([("a.pdf", "25MB", SIGNED)], {}, "its files cannot be taken out: the message is signed, and would not be any more"),
        ([("a.pdf", "25MB", {"fixed": "foreign"})], {}, "inside of something that we do not write (winmail.dat, S/MIME)"),
        ([("a.docx", "25MB", SECRET)], {"sent_as": "smime"}, "its files cannot be taken out: the message is encrypted"),
        (
            [("a.docx", "13MB", SECRET | SIGNED), ("b.pdf", "1MB")],
            {"again": {"encrypted"}},
            "nothing that gives safe-files carries the rest; some files cannot be taken out: the message is signed",
        ),
        (
            [("a.pdf", "25MB", SIGNED), ("b.pdf", "1MB")],
            {},
            "the rest would still be too large: 34.2 MB as mail; some files cannot be taken out",
        ),
    ],
    ids=["no file", "signed", "container", "encrypted", "one stays that may not", "one stays that is too big"],
)
def test_what_cannot_be_edited_says_so(files, row, says):
    decision = decided(*files, **row)

    assert decision.route is None
    assert says in why_not(decision)


def test_a_file_inside_another_goes_with_it():
    decision = decided(("a.zip", "13MB"), ("b.docx", "1MB", SECRET | {"inside": "a.zip"}), ("c.pdf", "1MB"))

    assert taken(decision) == ("link", "2", "plain")


def test_a_share_has_limits_of_its_own():
    limited = PACK.replace("expires: {after: 14d}", "expires: {after: 14d}, limits: {file: 30MB, attachments: 45MB}")

    assert taken(decided(("a.pdf", "30MB"), pack=limited)) == ("link", "2", "plain")
    one = decided(("a.pdf", "31MB"), pack=limited)
    assert (one.verdict, one.guidance, why_not(one)) == (Verdict.CONFIRM, ("too-large",), "a file of 31 MB; it takes 30 MB each")
    together = decided(("a.pdf", "25MB"), ("b.pdf", "25MB"), pack=limited)
    assert why_not(together) == "files of 50 MB together; it takes 45 MB"


def test_too_large_for_the_share_alone_is_too_large():
    """The only route that protects is the share: what it cannot take for its size is no lack of a method."""
    only = PACK.replace("provides: [safe-files, safe-words], ", "").replace(
        "expires: {after: 14d}", "expires: {after: 14d}, limits: {file: 30MB}"
    )
    decision = decided(("a.docx", "31MB", SECRET), pack=only)

    assert (decision.verdict, decision.guidance) == (Verdict.CONFIRM, ("too-large",))


def test_a_rule_that_stops_the_mail_stops_it_with_a_link_too():
    """The share is the route by which it goes once a person lets it."""
    hold = "  - {id: ask, when: {classification: {of: files, at_least: secret}}, hold: {for: officer}}\n"
    decision = decided(("a.docx", "13MB", SECRET), pack=PACK + hold)

    assert (decision.verdict, decision.held_for, decision.route, decision.shared_files) == (Verdict.HOLD, "officer", "link", ("2",))


def test_cutting_a_mail_evades_no_rule_that_looks_at_all_of_it():
    """Two files of 7 MB are 14 MB, whatever travels by a link: what that asks for is asked of both halves."""
    rule = "  - {id: many, when: {attachments: {above: 12MB}}, require: [safe-files]}\n"
    decision = decided(("a.pdf", "8MB"), ("b.pdf", "8MB"), pack=PACK + rule)

    assert taken(decision) == ("link", "2", "encrypted")
    without = decided(("a.pdf", "8MB"), ("b.pdf", "8MB"), pack=PACK + rule, again=frozenset({"encrypted"}))
    assert taken(without) == ("link", "23", "plain")


def test_taking_a_file_out_brings_up_nothing_that_would_stop_the_rest():
    """A rule about what is below a classification says nothing of the whole, and would hold what is left of it: so both files go."""
    rule = "  - {id: looked-at, when: {classification: {of: files, below: secret}, found: {detector: card}}, hold: {for: officer}}\n"
    card = {"detectors": {"card": 1}}
    decision = decided(("a.docx", "13MB", SECRET), ("b.docx", "1MB", card), pack=PACK + rule)

    assert taken(decision) == ("link", "23", "plain")


def test_a_never_is_asked_of_what_each_route_carries():
    never = "never:\n  - {id: small-only, facts: {attachments: {above: 12MB}}, outcome: {route: plain}}\n"
    decision = decided(("a.pdf", "8MB"), ("b.pdf", "8MB"), pack=PACK + never)

    assert taken(decision) == ("link", "2", "plain")
    barred = decided(("a.docx", "13MB", SECRET), pack=PACK + never.replace("route: plain", "route: link"))
    assert why_not(barred) == "`small-only` forbids it"


def test_a_route_that_has_failed_carries_no_rest():
    decision = decided(("a.pdf", "25MB"), again=frozenset({"plain"}))

    assert taken(decision) == ("link", "2", "encrypted")
    assert decided(("a.pdf", "25MB"), again=frozenset({"plain", "link"})).route is None


def test_beyond_twelve_files_as_few_as_can_be_seen_go():
    small_ones = [(f"{at}.pdf", f"{at + 1}KB") for at in range(40)]

    assert taken(decided(*small_ones, ("big.pdf", "25MB"))) == ("link", "42", "plain")
    secrets = [(f"{at}.docx", "1MB", SECRET) for at in range(14)]
    decision = decided(*small_ones, *secrets)
    assert (decision.route, decision.carried_by) == ("link", "encrypted")
    assert len(decision.shared_files) == 3


def test_what_would_pass_is_decided_with_the_link():
    """Of two files that cannot be taken out, the one without which the rest fits; the third goes by the link all the same."""
    decision = decided(("a.pdf", "15MB", SIGNED), ("b.pdf", "5MB", SIGNED), ("c.pdf", "30MB"))

    assert decision.route is None
    assert decision.would_pass_if[0] == "send it without a.pdf (15 MB)"
