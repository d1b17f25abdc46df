"""Message, findings and snapshots to facts: what is looked up, what is absent and what is unknown (DESIGN section 1.4)."""

from dataclasses import replace
from datetime import UTC, date, datetime

from gateway.gather import Context, gather
from gateway.model.envelope import Address, Recipient
from gateway.model.facts import ABSENT, UNKNOWN, Entry, ListFacts
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Readable
from gateway.model.message import Defect, DefectName, Encoding, Fixed, Message, Part, Role, Span
from gateway.policy.places import Places
from gateway.policy.snapshot import KnownList, Register, Snapshot

NOW = datetime(2026, 6, 1, 14, 6, 33, 250, tzinfo=UTC)
PARTNER = Entry("A-1", "o@own.example", date(2030, 1, 1), "controlled")
LIST = KnownList(
    "all@own.example", "o@own.example", 10, 2, (("restricted", 4),), Places.of([("boss@own.example", True)]), frozenset({"writers"})
)
SNAPSHOT = Snapshot(
    own_domains=frozenset({"own.example"}),
    lists={"all@own.example": LIST},
    people=frozenset({"ann@own.example"}),
    groups={"writers": None, "lawyers": Places.of([("law@own.example", True)])},
    registers={
        "partners.yaml": Register(Places.of([("partner.example", PARTNER), ("*.trust.example", PARTNER)])),
        "old.yaml": Register(Places(), date(2026, 6, 1)),
    },
    looked_for=frozenset({"card"}),
)


def address(text):
    local, _, domain = text.rpartition("@")
    return Address(text, local, domain)


def facts(*recipients, sender="boss@own.example", ours=True, snapshot=SNAPSHOT, message=None, findings=None, at=NOW):
    message = message or Message((), Span(0, 0), "hello", None, (), 900)
    context = Context("in", address(sender), ours, certificate="CN=x", peer_address="10.0.0.1")
    return gather(message, findings or Findings((), ()), context, tuple(Recipient(address(one)) for one in recipients), snapshot, at)


def test_each_recipient_has_facts_and_all_share_the_message():
    one, two = facts("b@partner.example", "C@Else.example")

    assert one.message is two.message
    assert (one.recipient, two.recipient, two.address) == ("b@partner.example", "C@Else.example", "c@else.example")
    assert one.at == datetime(2026, 6, 1, 14, tzinfo=UTC)


def test_a_file_weighs_what_it_is_and_what_it_adds_as_mail():
    part = Part("2", "0", Span(100, 200), Span(200, 1576), "a/b", None, Encoding.BASE64, "attachment", ("a.zip",), None, Role.FILE)
    found = (
        FileFinding("2", None, ("a.zip",), "a/b", "application/zip", 1000, "ff", Readable.YES),
        FileFinding("2/1", "2", (), "", "", 5000, "ee", Readable.ENCRYPTED),
    )
    message = Message((), Span(0, 0), "", None, (part,), 2000, (Defect(DefectName.NUL),), "smime")
    made = facts("b@else.example", message=message, findings=Findings(found, ()))[0].message

    assert [(file.octets, file.wire_octets, file.name, file.media_type) for file in made.files] == [
        (1000, 1476, "a.zip", "application/zip"),
        (5000, 0, "", ""),
    ]
    assert made.attachments_octets == 1000
    assert made.defects == {"nul"}
    assert made.sent_as == "smime"


def test_what_is_odd_about_a_file_is_a_fact_that_rules_can_ask_for():
    odd = FileFinding("2", None, ("a.jpg",), "", "image/jpeg", 9, "ff", Readable.YES, oddities=("polyglot", "a word of no vocabulary"))
    inner = FileFinding("2/1", "2", ("b.pdf.exe",), "", "text/plain", 9, "ff", Readable.YES, oddities=("hidden-extension",))

    assert facts("b@else.example", findings=Findings((odd, inner), ()))[0].message.defects == {"polyglot", "hidden-extension"}


def test_a_defect_is_of_a_file_alone_or_stays_with_the_message():
    """What is odd about a file goes with it, unless the message has it too; a file in an archive speaks for itself."""
    parts = tuple(
        Part(name, "0", Span(100, 200), Span(200, 300), "a/b", None, Encoding.BASE64, "attachment", (), None, Role.FILE) for name in "23"
    )
    defects = (
        Defect(DefectName.BAD_BASE64, "2"),
        Defect(DefectName.ODD_NAME, "2"),
        Defect(DefectName.ODD_NAME, "0"),
        Defect(DefectName.NUL),
    )
    message = Message((), Span(0, 0), "", None, parts, 900, defects)
    found = (
        FileFinding("2", None, (), "", "", 9, "ff", Readable.YES, oddities=("macros",)),
        FileFinding("2/1", "2", (), "", "", 9, "ff", Readable.YES, oddities=("polyglot",)),
        FileFinding("3", None, (), "", "", 9, "ff", Readable.YES, oddities=("macros",)),
    )
    made = facts("b@else.example", message=message, findings=Findings(found, ()))[0].message

    assert made.defects == {"bad-base64", "odd-name", "nul", "macros", "polyglot"}
    assert [file.defects for file in made.files] == [{"macros", "bad-base64"}, {"polyglot"}, {"macros"}]


def test_what_cannot_be_taken_out_of_the_message_says_why():
    part = Part("2", "0", Span(100, 200), Span(200, 300), "application/ms-tnef", None, Encoding.BASE64, None, (), None, Role.FILE)
    message = Message((), Span(0, 0), "", None, (part,), 900)
    found = (
        FileFinding("2", None, ("winmail.dat",), "", "", 9, "ff", Readable.YES),
        FileFinding("2/1", "2", ("a.docx",), "", "", 9, "ff", Readable.YES),
        FileFinding("1/1", None, ("b.txt",), "", "", 9, "ff", Readable.YES),
    )
    made = facts("b@else.example", message=message, findings=Findings(found, ()))[0].message

    assert [file.fixed for file in made.files] == [Fixed.FOREIGN, None, Fixed.IN_WORDS]


def test_evidence_loses_its_sample_and_its_words_for_where():
    """Found: the name of a sheet went into the records."""
    evidence = Evidence(EvidenceKind.DETECTOR, "card", 2, "sheet Smith", "•••• 4321")
    made = facts("b@else.example", findings=Findings((), (evidence,)))[0].message

    assert made.words == (replace(evidence, sample="", where=""),)
    assert made.looked_for == {"card"}


def test_an_address_that_is_no_list_of_ours_has_no_list_facts():
    assert facts("ann@own.example")[0].list is ABSENT
    assert facts("b@else.example")[0].list is ABSENT


def test_a_list_has_facts_and_says_whether_this_sender_may_write_to_it():
    assert facts("all@own.example")[0].list == ListFacts("all@own.example", "o@own.example", 10, 2, (("restricted", 4),), True)


def test_whether_a_sender_in_a_group_of_the_directory_may_write_to_a_list_is_unknown():
    assert facts("all@own.example", sender="ann@own.example")[0].list.sender_allowed is UNKNOWN
    assert facts("all@own.example", sender="x@else.example", ours=False)[0].list.sender_allowed is False


def test_in_a_stale_snapshot_the_last_known_kind_decides():
    stale = replace(SNAPSHOT, lists_stale_from=date(2026, 6, 1))

    assert facts("all@own.example", snapshot=stale)[0].list is UNKNOWN
    assert facts("ann@own.example", snapshot=stale)[0].list is ABSENT
    assert facts("never-seen@own.example", snapshot=stale)[0].list is UNKNOWN
    assert facts("b@else.example", snapshot=stale)[0].list is ABSENT
    assert facts("all@own.example", snapshot=stale, at=NOW.replace(month=5, day=31))[0].list is not UNKNOWN


def test_registers_are_looked_up_by_the_closest_entry_and_a_stale_one_is_unknown():
    rows = {one.recipient: dict(one.registers) for one in facts("b@partner.example", "b@a.b.trust.example", "b@trust.example")}

    assert rows["b@partner.example"]["partners.yaml"] == PARTNER
    assert rows["b@a.b.trust.example"]["partners.yaml"] == PARTNER
    assert rows["b@trust.example"]["partners.yaml"] is None
    assert rows["b@partner.example"]["old.yaml"] is UNKNOWN


def test_a_group_of_the_directory_is_unknown_for_our_senders_and_not_theirs_for_others():
    assert dict(facts("b@else.example", sender="law@own.example")[0].message.sender.groups) == {"lawyers": True, "writers": UNKNOWN}
    assert dict(facts("b@else.example", sender="law@own.example", ours=False)[0].message.sender.groups) == {
        "lawyers": False,
        "writers": False,
    }


def test_equal_mail_has_equal_facts():
    assert facts("b@else.example") == facts("b@else.example", at=NOW.replace(minute=59))
    assert len({*facts("b@else.example"), *facts("b@else.example")}) == 1
