"""Packs to policies: what loads, and what is said of every mistake: its place and a way out."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadPack
from gateway.model.finding import Place
from gateway.policy.pack_yaml import MOST_OCTETS, read
from gateway.policy.parse_pack import load_pack, version_of
from tests.laws import tries
from tests.policy.packs import BESIDE, LINK, OWN, PACKS, SMALL, changed, files_of, problems, small


@pytest.mark.parametrize("pack", PACKS)
def test_the_packs_of_the_house_load(pack):
    policy = load_pack(files_of(pack), OWN)

    assert policy.name == pack
    assert policy.routes
    assert policy.rules


def test_a_pack_becomes_a_policy():
    policy = small()

    assert policy.next_hops == {"mailboxes", "internet", "exchange"}
    assert policy.route("encrypted").attachments_limit == 12 * 1_048_576
    assert [pattern.id for pattern in policy.patterns.markings] == ["secret", "public"]
    assert policy.patterns.markings[0].where == {Place.SUBJECT_START, Place.PAGE_HEADER}
    assert policy.patterns.detectors == {"card"}
    assert policy.snapshot.looked_for == {"secret", "public", "card"}
    assert policy.snapshot.lists["all@example.org"].members == 3
    assert policy.snapshot.lists["all@example.org"].external == 1
    assert policy.snapshot.lists_stale_from == date(2027, 1, 1)
    assert policy.guidance_files.keys() == {"guidance/too-large.en.md", "guidance/help.en.md"}
    assert policy.owner == "someone@example.org"


def test_equal_files_have_one_version_and_a_change_of_any_file_another():
    files = {"pack.yaml": SMALL.encode(), **BESIDE}

    assert load_pack(files, OWN).version == load_pack(dict(reversed(files.items())), OWN).version == version_of(files)
    assert version_of({**files, "partners.yaml": b"entries: []\n"}) != version_of(files)
    assert version_of({"a": b"bc"}) != version_of({"ab": b"c"})


def test_a_route_of_a_kind_that_is_not_there_yet_loads_and_cannot_be_used():
    text = SMALL.replace(LINK, "{kind: seal}")

    assert small(text).route("link").closed == "encrypting here is not set up on this gateway"


def test_a_route_on_an_unsigned_interpretation_cannot_be_used():
    opened = "interpretations: {link-is-safe: {says: It is., signed: NAME}}\n" + SMALL.replace(
        "provides: [protected], limits: {attachments: 12MB}, clause: a test", "provides: [protected], interpretation: link-is-safe"
    )

    assert "signed" in small(opened.replace("NAME", "null")).route("encrypted").closed
    assert not small(opened.replace("NAME", "Head of Compliance 2027-01-05")).route("encrypted").closed


def test_a_bound_policy_cannot_use_a_route_to_a_hop_that_is_not_configured():
    policy = small()
    bound = policy.bind(frozenset({"mailboxes", "internet"}))
    (problem,) = policy.unknown_next_hops(frozenset({"mailboxes", "internet"}))

    assert "not configured" in bound.route("encrypted").closed
    assert not bound.route("plain").closed
    assert str(problem) == (
        "pack.yaml:24:38: route `encrypted` leads to next hop `exchange`, which is not configured; there are: internet, mailboxes"
    )


def test_a_bound_policy_cannot_use_a_share_whose_place_is_not_configured():
    policy = small()
    (problem,) = policy.unknown_places(frozenset({"own"}))

    assert policy.places == {"cloud"}
    assert policy.bind(policy.next_hops).route("link").closed == "place `cloud` is not configured"
    assert not policy.bind(policy.next_hops, policy.places).route("link").closed
    assert not policy.unknown_places(frozenset({"cloud", "own"}))
    assert str(problem) == "pack.yaml:25:30: route `link` puts files in place `cloud`, which is not configured; there are: own"


def test_a_share_may_say_that_its_place_can_be_missing():
    policy = small(SMALL.replace(LINK, "{kind: share, place: own, optional: true, for: partners, expires: {after: 14d}}"))

    assert not policy.unknown_places(frozenset())
    assert policy.bind(policy.next_hops).route("link").closed == "place `own` is not configured"


def test_a_share_says_for_how_long_how_often_and_how_much():
    text = SMALL.replace(
        LINK, "{kind: share, place: own, expires: {after: 14d, idle: 7d}, download_limit: 20, limits: {file: 2GB, attachments: 5GB}}"
    )
    route = small(text).route("link")

    assert (route.expires_after, route.expires_idle, route.download_limit) == (timedelta(days=14), timedelta(days=7), 20)
    assert (route.file_limit, route.attachments_limit, route.show_file_names) == (2 * 1024**3, 5 * 1024**3, False)


@pytest.mark.parametrize(
    ("expires", "says"),
    [
        ("{after: 400d}", "files of `link` stay for more than a year"),
        ("{after: 4h}", "links of `link` end before everybody has read their mail"),
        ("{after: 14d, idle: 30d}", "is longer than `after`, and so never comes"),
    ],
)
def test_an_end_that_is_hardly_meant_is_a_warning(expires, says):
    (warning,) = small(SMALL.replace("expires: {after: 14d}", f"expires: {expires}")).warnings

    assert says in warning.says


# ruff: noqa: E501 - one row for each mistake
MISTAKES = [
    ("routes:\n  internal:", "routes:\n  Internal:", "22:3", "small letters"),
    ("for: colleagues}", "for: coleagues}", "22:53", "unknown audience `coleagues`; did you mean `colleagues`?"),
    ("next_hop: exchange,", "nexthop: exchange,", "24:28", "unknown key `nexthop`; did you mean `next_hop`?"),
    ("next_hop: exchange, ", "", "24:3", "needs a `next_hop:`"),
    ("provides: [protected], limits", "provides: [protekted], limits", "24:79", "did you mean `protected`?"),
    ("limits: {attachments: 12MB}", "limits: {attachments: 12}", "24:114", "`12` is no size; write 12MB"),
    ("limits: {attachments: 12MB}", "limits: {attachement: 12MB}", "24:101", "unknown key `attachement`; did you mean `attachments`?"),
    ("recipient_limits: recipients.yaml, ", "recipient_limits: recipient.yaml, ", "23:108", "did you mean `recipients.yaml`?"),
    (", unknown_recipient_limit: 20MB", "", "23:90", "needs an `unknown_recipient_limit:`"),
    ("place: cloud, ", "", "25:3", "needs a `place:`"),
    (", expires: {after: 14d}", "", "25:3", "route `link` is a share and needs an `expires:`, such as {after: 14d}"),
    ("expires: {after: 14d}", "expires: {idle: 14d}", "25:52", "needs `after:`"),
    ("expires: {after: 14d}", "expires: {after: 14d}, provides: [protected], clause: x", "25:86", "`protected` covers the message, and a share protects only"),
    ("expires: {after: 14d}", "expires: {after: 14d}, limits: {message: 1GB}", "25:84", "limit them by `attachments:` or `file:`"),
    ("expires: {after: 14d}", "expires: {after: 14d}, sent_as: [smime]", "25:75", "a share carries files"),
    ("expires: {after: 14d}", "expires: {after: 14d}, download_limit: 0", "25:91", "must be 1 or more"),
    ("limits: {attachments: 12MB}", "limits: {file: 12MB}", "24:101", "only a share has this; limit `attachments:`"),
    ("next_hop: mailboxes,", "next_hop: mailboxes, download_limit: 3,", "22:48", "only a share has this, and route `internal` is a relay"),
    ("kind: share", "kind: shares", "25:16", "`shares` is not possible here; did you mean `share`?"),
    ("at_least: secret}}\n    require", "at_least: secrte}}\n    require", "31:69", "unknown classification `secrte`; did you mean `secret`?"),
    ("    require: [protected]\n", "", "30:5", "asks for nothing"),
    ("    require: [protected]\n", "    refuse: {guidance: nope}\n", "32:24", "unknown guidance `nope`"),
    ("    require: [protected]\n", "    hold: {for: oficer}\n", "32:17", "unknown person `oficer`; did you mean `officer`?"),
    ("    require: [protected]\n", "    require: [protected]\n    until: soon\n", "33:12", "`soon` is no day; write 2027-12-18"),
    ("    require: [protected]\n", "    confirm: {within: 1 month}\n", "32:23", "is no time; write 30m, 4h, 7d or 2w"),
    ("  - id: secret-is-protected", "  - id: no-secret-in-clear", "34:10", "is the name of another"),
    ("otherwise: {do: hold, for: officer,", "otherwise: {do: hold,", "28:14", "a hold needs `for:`"),
    ("otherwise: {do: hold, for: officer,", "otherwise: {do: confirm,", "", None),
    ("detector: card", "detector: cards", "13:16", "unknown detector `cards`; did you mean `card`?"),
    (", over-budget, crashed", "", "10:1", "do not say what a file is that is crashed, over-budget"),
    ("where: [page_header, page_footer], whole_line: true, is: public", "where: [page_header, page_footer], is: public", "12:12", "would lower"),
    ("where: [page_header, page_footer], whole_line: true, is: public", "where: [page_header, first_line], whole_line: true, is: public", "12:12", "only a whole line in a page header or footer"),
    ("colleagues: {domains: own}", "colleagues: {domains: own, not_in: outsiders}", "16:38", "goes round in a circle"),
    ("partners: {register: partners.yaml}", "partners: {}", "17:13", "needs `domains`, `register` or `not_in`"),
    ("outcome: {without: [protected]}", "outcome: {}", "34:114", "needs `without`, `route` or `released: true`"),
    ("review_by: 2030-01-01\n", "review_by: 2030-01-01\npack: twice\n", "5:1", "`pack` stands twice"),
    ("source: a test\nowner", "source: &a test\nowner", "2:9", "has an anchor"),
    ("source: a test\nowner", "source: !!python/name:os.system test\nowner", "2:9", "is no plain value"),
    ("source: a test\nowner", "source: [a test\nowner", "2:9", "is no YAML: the bracket that begins here is not closed, or lacks a comma"),
    ("source: a test\nowner", "owner", "1:1", "needs `source:`"),
    ("owner: someone@example.org", "owner: someone", "3:8", "`someone` is no address"),
    ("domains: own}", "domains: exam ple.org}", "16:25", "is no domain"),
    ("detector: card", "detector: Card_number", "13:16", "small letters, digits and hyphens; did you mean `card-number`?"),
    ("lists: lists.yaml", "lists: staff.yaml", "7:8", "`staff.yaml` is not there; write it, beside pack.yaml"),
    ("lists: lists.yaml", "lists: list.yaml", "7:8", "`list.yaml` is not there; did you mean `lists.yaml`?"),
    ("people: {officer: {mailbox: officer@example.org}}", "people: {officer: {mailbox: officer@example.org, otherwise: chief}, chief: {mailbox: c@example.org, otherwise: officer}}", "5:61", "goes round in a circle: officer -> chief -> officer"),
    ("people: {officer: {mailbox: officer@example.org}}", "people: {officer: {mailbox: officer@example.org, otherwise: officer}}", "5:61", "goes round in a circle: officer -> officer"),
    ("    require: [protected]\n", "    require: [protected]\n    from: 2027-02-01\n    until: 2027-01-01\n", "34:12", "`2027-01-01` is before `from: 2027-02-01`"),
    ("    require: [protected]\n", "    require: [protected]\n    mode: watch\n    becomes: {enforce: 2027-01-01, advise: 2027-02-01}\n", "34:44", "`advise` on 2027-02-01 comes after `enforce`"),
    ("    require: [protected]\n", "    require: [protected]\n    mode: watch\n    until: 2027-01-01\n    becomes: {enforce: 2027-02-01}\n", "35:24", "2027-02-01 is after `until: 2027-01-01`"),
    ("    require: [protected]\n", "    stamp: {X-Original-To: a}\n", "32:13", "`X-Original-To` is what others say who somebody is by; choose a name of your own"),
    ("    require: [protected]\n", "    stamp: {X-MS-Exchange-Organization-SCL: '-1'}\n", "32:13", "choose a name of your own"),
    ("    require: [protected]\n", "    stamp: {X-Sender: a}\n", "32:13", "choose a name of your own"),
    ("    require: [protected]\n", "    stamp: {Secret: yes}\n", "32:13", "a header field of ours, X-Name, with letters, digits and hyphens"),
    ("lists: lists.yaml", "lists: lists.yaml\nsystems: {scans: {networks: [10.0.0.0/8, 0.0.0.0/0], senders: [scan@own], owner: officer}}", "8:42", "`0.0.0.0/0` is everybody, and a sender's address alone can be forged"),
    ("lists: lists.yaml", "lists: lists.yaml\nsystems: {scans: {networks: ['::/0'], senders: [scan@own], owner: officer}}", "8:30", "`::/0` is everybody"),
    ("lists: lists.yaml", "lists: lists.yaml\nsystems: {scans: {client_certificate: ' ', senders: [scan@own], owner: officer}}", "8:39", "has nothing in it; write the subject of the certificate"),
    ("mailbox: officer@example.org", "mailbox: officer@example.org, phone: ask Jo", "5:57", "not written as it must be: a telephone number"),
    ("mailbox: officer@example.org", "mailbox: officer@example.org, phone: 01632960123", "5:57", "must be text"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "place", "says"), MISTAKES, ids=[f"{row[2]} {row[3]}" for row in MISTAKES])
def test_a_mistake_has_a_place_and_a_way_out(old, new, place, says):
    found = [str(problem) for problem in problems(changed(old, new)) if problem.severity == "error"]

    if says is None:
        assert not found
    else:
        assert [line for line in found if line.startswith(f"pack.yaml:{place}:") and says in line], found


def test_too_large_may_not_be_stricter_than_the_rest():
    text = changed("too_large: {do: confirm, guidance: too-large}", "too_large: {do: refuse, guidance: too-large}")

    assert "`refuse` is stricter than `hold`" in str(problems(text)[0])


def test_mistakes_in_files_beside_the_pack_name_that_file():
    beside = {
        **BESIDE,
        "partners.yaml": b"entries:\n  - {domain: partner.example, agrement: A-1}\n",
        "lists.yaml": b"lists:\n  - {address: all@own, members: 3, cleared: {secrett: all}}\n",
        "recipients.yaml": b"limits: {partner.example: 35}\n",
        "guidance/help.en.md": b"no front matter\n",
    }
    found = "\n".join(map(str, problems(SMALL, beside)))

    assert "partners.yaml:2:31: unknown key `agrement`; did you mean `agreement`?" in found
    assert "lists.yaml:2:46: unknown classification `secrett`; did you mean `secret`?" in found
    assert "recipients.yaml:1:27: `35` is no size" in found
    assert "guidance/help.en.md:1:1: begins with front matter" in found


def test_an_agreement_without_a_highest_classification_is_none():
    beside = {**BESIDE, "partners.yaml": b"entries:\n  - {domain: partner.example, agreement: A-1}\n"}

    assert "an agreement needs a `highest:`" in str(problems(SMALL, beside)[0])


def test_a_file_that_nobody_names_is_a_warning():
    policy = small(**{"partner.yaml": b"entries: []\n"})

    assert [str(one) for one in policy.warnings] == ["partner.yaml:1:1: is not named anywhere in pack.yaml, so nobody reads it"]


def test_a_pack_without_pack_yaml_is_none():
    with pytest.raises(BadPack, match=r"pack\.yaml: is missing"):
        load_pack({"rules.yaml": b""}, OWN)


@pytest.mark.parametrize("text", ["a: yes", "a: no", "a: 12:30", "a: 2026-01-01", "a: on"])
def test_words_stay_words(text):
    assert read("x", text.encode()).value == {"a": text[3:]}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe", "is not UTF-8"),
        (b"a: " + b"[" * 30 + b"]" * 30, "nested more than"),
        (b"a" * (MOST_OCTETS + 1), "is larger than"),
        (b"a: 1\n---\nb: 2\n", "is no YAML"),
        (b"a: \x00", "is no YAML"),
        (b"? [1, 2]\n: 3\n", "a key must be a word"),
        (b"a: &x [1]\nb: *x\n", "has an anchor"),
    ],
)
def test_what_is_no_plain_yaml_is_refused(data, says):
    assert says in str(read("x", data).problems[0])


def test_a_folded_text_is_its_words_alone():
    """Found: a sign that no person sees (U+0007) stood wherever a `>` text had been folded."""
    assert read("x", b"a: >\n  one\n  two\n").value == {"a": "one two\n"}


def test_a_value_that_is_missing_is_missed_behind_its_key():
    sheet = read("x", b"a:\n  b: # to come\n  # and so on\n\nc: 1\n")

    assert (sheet.value, sheet.values["a", "b"]) == ({"a": {"b": None}, "c": 1}, (2, 5))


@tries(60)
@given(st.data())
def test_no_text_makes_the_loader_fail_in_any_other_way(data):
    """Lines of a real pack, cut, doubled and mangled."""
    lines = SMALL.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at] = data.draw(
            st.sampled_from(["", lines[at] * 2, lines[at].swapcase(), "  " + lines[at], lines[at].replace(": ", ": [", 1)])
        )
        cut = data.draw(st.integers(0, len(lines[at])))
        lines[at] = lines[at][:cut] + data.draw(st.text(st.characters(codec="utf-8"), max_size=3)) + lines[at][cut:]
    for problem in problems("".join(lines)):
        assert problem.says
        assert problem.line >= 0


def errors(text: str, beside: dict[str, bytes] | None = None) -> list[str]:
    return [str(problem) for problem in problems(text, beside) if problem.severity == "error"]


def test_one_mistake_hides_no_other():
    """Found: an unknown key in one rule, and nothing else was said of the pack, its files or its texts."""
    text = changed("    require: [protected]\n", "    requires: [protected]\n").replace("for: colleagues}", "for: coleagues}")
    text = text.replace("provides: [protected], limits: {attachments: 12MB}", "provides: [protekted], limits: {attachments: 12}")
    beside = {
        **BESIDE,
        "lists.yaml": b"lists:\n  - {address: nobody, members: 3}\n  - {address: all@own, members: 3, cleared: {secrett: all}}\n",
        "guidance/help.en.md": b"no front matter\n",
    }

    assert errors(text, beside) == [
        "guidance/help.en.md:1:1: begins with front matter: a line ---, then title: and status:, then a line ---",
        "lists.yaml:2:15: `nobody` is no address; write someone@example.org",
        "lists.yaml:3:46: unknown classification `secrett`; did you mean `secret`?",
        "pack.yaml:22:53: unknown audience `coleagues`; did you mean `colleagues`?",
        "pack.yaml:24:79: unknown protection `protekted`; did you mean `protected`?",
        "pack.yaml:24:114: `12` is no size; write 12MB (1 MB is 1,048,576 octets)",
        "pack.yaml:32:5: unknown key `requires`; did you mean `require`?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "only"),
    [
        # What was left out because it is wrong is not missed a second time.
        ("    require: [protected]\n", "    requires: [protected]\n", "32:5"),
        ("  partners: {register: partners.yaml}", "  partners: {registre: partners.yaml}", "17:14"),
        ("  colleagues: {domains: own}", "  colleagues: own", "16:15"),
        (
            "over-budget, crashed, unsupported, pictures-unread], is: internal}",
            "over-budget, crashed, unsupported, pictures-unread], iss: internal}",
            None,
        ),
        ("people: {officer: {mailbox: officer@example.org}}", "people: {officer: {mailbox: officer}}", "5:29"),
        ("owner: someone@example.org", "owner: someone", "3:8"),
        ("review_by: 2030-01-01\n", "", "1:1"),
        ("  - id: secret-is-protected\n", "  - name: secret-is-protected\n", None),
    ],
)
def test_one_mistake_is_one_line(old, new, only):
    found = errors(changed(old, new))

    assert all(line.split(": ")[0].rpartition(":")[0].endswith(only.split(":")[0]) for line in found) if only else len(found) == 2
    assert len(found) == (1 if only else 2), found  # a wrong key is one unknown and one that is needed


def test_a_text_that_nobody_is_told_is_a_warning():
    policy = small(**{"guidance/spare.en.md": b"---\ntitle: spare\n---\n\nSpare.\n"})

    assert [str(one) for one in policy.warnings] == ["guidance/spare.en.md:1:1: is not named anywhere in pack.yaml, so nobody is told it"]


def test_a_text_in_another_charset_is_none():
    """Found: Latin-1 loaded, and the sender read replacement characters."""
    beside = {**BESIDE, "guidance/help.en.md": b"---\ntitle: no method\n---\n\nAsk the caf\xe9.\n"}

    (said,) = errors(SMALL, beside)
    assert said.startswith("guidance/help.en.md:5:12: is not UTF-8 text")


def test_a_refusal_has_a_status_of_class_five():
    """Found: `status: 4.2.3` loaded; class 4 tells a mail server to try again."""
    beside = {**BESIDE, "guidance/help.en.md": b"---\ntitle: no method\nstatus: 4.2.3\n---\n\nAsk.\n"}

    (said,) = errors(SMALL, beside)
    assert said.endswith("`4.2.3` is no status code of a refusal; write 5.7.1 (RFC 3463)")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: b: c\n", "1:5: is no YAML: a `: ` where none can stand; put a text that has one in quotes, or look at the indent"),
        ("a: 1\nb: {x: 1\nc: 2\n", "2:4: is no YAML: the bracket that begins here is not closed, or lacks a comma"),
        ('a: 1\nb: "abc\nc: 2\n', "2:4: is no YAML: the quote that begins here is not closed"),
        ("a:\n\tb: 1\n", "2:1: is no YAML: a tab; indent with blanks"),
        ("a: 1\nword\nb: 2\n", "2:1: is no YAML: this line has no `: `; a key needs one, and a text of several lines needs quotes"),
        ("a:\n  - x\n - y\n", "3:2: is no YAML: this line does not stand below the others of its block; look at the indent"),
        ("a: %b\n", "1:4: is no YAML: a text cannot begin with this sign; put it in quotes"),
        ("a: 1\n---\nb: 2\n", "2:1: is no YAML: a second document begins here (`---`); a file has one"),
    ],
)
def test_what_is_no_yaml_is_said_in_plain_words_and_where_it_begins(text, says):
    """Found: `expected <block end>, but found '<block mapping start>'`, at the end of the file."""
    assert [str(problem) for problem in read("x", text.encode()).problems] == [f"x:{says}"]


def test_a_next_hop_that_is_not_configured_is_said_with_all_the_rest():
    with pytest.raises(BadPack) as caught:
        load_pack(
            {"pack.yaml": SMALL.replace("for: colleagues}", "for: coleagues}").encode(), **BESIDE},
            OWN,
            next_hops=frozenset({"mailboxes", "internet"}),
        )

    assert [str(problem) for problem in caught.value.problems] == [
        "pack.yaml:22:53: unknown audience `coleagues`; did you mean `colleagues`?",
        "pack.yaml:24:38: route `encrypted` leads to next hop `exchange`, which is not configured; there are: internet, mailboxes",
    ]
