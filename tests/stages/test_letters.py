"""What people read, whole: the three cases that every text is measured by, and the rules of good notices."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest

from gateway.act.deciders import is_on_duty, resolve
from gateway.act.letters import UNSEEN, Post
from gateway.act.reports import Reports
from gateway.errors import BadPack
from gateway.model.decision import Decision, Reason, Tried, Verdict
from gateway.model.envelope import Envelope
from gateway.model.facts import Entry
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Readable
from gateway.model.kept import Held
from gateway.model.outcome import Ending, Outcome, Reply, Step
from gateway.policy.guidance import MAX_REPLY, House, parse_guidance, smtp_reply
from gateway.policy.letters import ended, let_go, to_decider, to_sender
from gateway.policy.news import delayed, undelivered
from gateway.policy.places import Places
from gateway.policy.rules import Person
from gateway.policy.snapshot import KnownList, Register, Snapshot
from gateway.policy.wording import About, Others, listed, values_of
from tests.deliveries import policy
from tests.doubles import START, Octets, ScriptedHop, Stage, address, recipient, run

MB = 1_048_576
DERBYSHIRE = House(
    "Derbyshire County Council",
    frozenset({"derbyshire.gov.uk"}),
    "postmaster@derbyshire.gov.uk",
    "gateway.derbyshire.gov.uk",
    help="ICT Service Desk, 01629 000000",
    notices_hop="plain",
)
FORBIDDEN = ("quarantine", "dlp", "policy violation", "blocked", "violation", "5.7.1")


def text(id_, title, body, status="5.7.1", reply=""):
    front = f"---\ntitle: {title}\nstatus: {status}\n" + (f"reply: {reply}\n" if reply else "")
    return parse_guidance(f"guidance/{id_}.en.md", f"{front}---\n\n{body}\n".encode())


TEXTS = {
    one.id: one
    for one in (
        text(
            "too-large",
            "files too big for encrypted email",
            "They are not marked Public, so outside the council they must travel by a secure method.",
            "5.2.3",
            "files are {together}, encrypted email takes 12 MB",
        ),
        text(
            "not-cleared", "we need to check who may see a Restricted file", "{why} Our agreement with them covers files up to Controlled."
        ),
        text("list", "not everyone on the list may see this", "Restricted email may go to a list only when everyone on it may see it."),
    )
}


def file(number, name, megabytes, *evidence):
    return FileFinding(str(number), None, (name,), "", "application/pdf", int(megabytes * MB), "", Readable.YES, evidence)


def about(decision, *recipients, **more):
    settings = {
        "house": DERBYSHIRE, "decision": decision, "recipients": recipients or (decision.recipient,), "case": "7KQ-402", "sent_at": START,
        "keep_until": START + timedelta(days=7), "source": "Secure File Transfer Policy v6.0",
    }  # fmt: skip
    return About(**(settings | more))


TOO_LARGE = about(
    Decision(
        "surveyor@northmoor-surveys.example",
        ("outsiders",),
        Verdict.CONFIRM,
        None,
        reasons=(
            Reason("files-need-a-method", "require", "Microsoft 365 Encrypted email, 3", "it must travel with protected-files"),
            Reason("no_route", "confirm", text="too large for every method that would do", guidance="too-large"),
        ),
        routes_tried=(
            Tried("plain", "does not give protected-files"),
            Tried("microsoft-encrypted", "files of 14.2 MB together; it takes 12 MB"),
        ),
        held_for="sender",
        guidance=("too-large",),
        would_pass_if=("send it without Photos-June.zip (4.1 MB)", "files of up to 12 MB together"),
    ),
    total=3,
    others=Others(going=("b@own.example", "c@x.example")),
    subject="The survey of Mill Lane",
    findings=Findings((file(2, "Site-survey.pdf", 8.4), file(3, "Photos-June.zip", 4.1), file(4, "Costs.xlsx", 1.7)), ()),
)
RESTRICTED = about(
    Decision(
        "manager@brightsteps.example",
        ("outsiders",),
        Verdict.HOLD,
        "plain",
        reasons=(Reason("partner-not-cleared", "hold", "section 4", "their agreement covers less", guidance="not-cleared"),),
        held_for="agreement-owner",
        guidance=("not-cleared",),
    ),
    case="7KQ-415",
    answer_by=START + timedelta(hours=4),
    decider="Children's Commissioning",
    phone="01629 000001",
    then="Duty Manager",
    findings=Findings((file(2, "Conference-report.docx", 0.3, Evidence(EvidenceKind.MARKING, "marking-1", where="page 1 header")),), ()),
    names={"marking-1": "RESTRICTED"},
)
LIST = about(
    Decision(
        "all.area.managers@derbyshire.gov.uk",
        (),
        Verdict.REFUSE,
        "internal",
        reasons=(Reason("restricted-to-list", "refuse", "Standard email, 1", "4 of 312 members are not cleared", guidance="list"),),
        guidance=("list",),
    ),
    case="7KQ-431",
    total=2,
    others=Others(stopped=("b@x.example",)),
)


def golden(text):
    """A letter as it stands here: `~` at the end of a line joins it to the next."""
    return dedent(text).replace("~\n", "")


def whole(letter):
    return f"Subject: {letter.subject}\n\n{letter.text}"


def test_too_large_whole():
    assert whole(to_sender(TOO_LARGE, TEXTS)) == golden("""\
        Subject: Not sent yet to 1 of 3 people: files too big for encrypted email (case 7KQ-402)

        Your email "The survey of Mill Lane" of 14:06 has not gone to surveyor@northmoor-surveys.example yet. It is on its ~
        way to b@own.example and c@x.example.

        They are not marked Public, so outside the council they must travel by a secure method.

        The files:
        - Site-survey.pdf: 8.4 MB
        - Photos-June.zip: 4.1 MB
        - Costs.xlsx: 1.7 MB
        - Together: 14.2 MB

        It is too big:
        - files of 14.2 MB together; the method microsoft encrypted takes 12 MB

        Any one of these would let it go:
        - send it without Photos-June.zip (4.1 MB)
        - files of up to 12 MB together

        Nobody can let it go as it is: send it again, changed in one of the ways above; where a word from you is enough, tell ~
        us.

        We keep it until Thursday 12 November, 14:06 UTC, then delete it and tell you.

        The rule: Secure File Transfer Policy v6.0, Microsoft 365 Encrypted email, 3.

        Help: ICT Service Desk, 01629 000000. Say case 7KQ-402.
        """)


def test_restricted_to_an_outsider_whole():
    assert whole(to_sender(RESTRICTED, TEXTS)) == golden("""\
        Subject: Not sent yet: we need to check who may see a Restricted file (case 7KQ-415)

        Your email of 14:06 has not gone to manager@brightsteps.example yet.

        Conference-report.docx is marked RESTRICTED (page 1 header). Our agreement with them covers files up to Controlled.

        The file:
        - Conference-report.docx: 307 KB

        Children's Commissioning decides whether it may go. They have until Thursday 5 November, 18:06 UTC; from then on Duty ~
        Manager decides. You hear either way. Urgent? Ring 01629 000001, case 7KQ-415.

        We keep it until Thursday 12 November, 14:06 UTC, then delete it and tell you.

        The rule: Secure File Transfer Policy v6.0, section 4.

        Help: ICT Service Desk, 01629 000000. Say case 7KQ-415.
        """)


def test_a_list_with_people_who_may_not_see_it_whole():
    assert whole(to_sender(LIST, TEXTS)) == golden("""\
        Subject: Not sent to 1 of 2 people: not everyone on the list may see this (case 7KQ-431)

        Your email of 14:06 has not gone to all.area.managers@derbyshire.gov.uk. It has not gone to b@x.example either: ~
        another notice tells you why.

        Restricted email may go to a list only when everyone on it may see it.

        We keep a sealed copy until Thursday 12 November, 14:06 UTC, then delete it.

        The rule: Secure File Transfer Policy v6.0, Standard email, 1.

        Help: ICT Service Desk, 01629 000000. Say case 7KQ-431.
        """)


def test_who_decides_is_told_what_was_found_and_how_to_answer():
    assert whole(to_decider(RESTRICTED, "ann@derbyshire.gov.uk", TEXTS)) == golden("""\
        Subject: For your decision: an email that is kept (case 7KQ-415)

        An email from ann@derbyshire.gov.uk has not gone to manager@brightsteps.example. It waits for your decision. Please ~
        answer by Thursday 5 November, 18:06 UTC.

        Why: we need to check who may see a Restricted file.

        - their agreement covers less

        Conference-report.docx is marked RESTRICTED (page 1 header).

        The file:
        - Conference-report.docx: 307 KB

        To decide, run one of these where the gateway runs, or ask postmaster@derbyshire.gov.uk to run it for you with your ~
        name and reason.
        To see all we know: outgate hold show 7KQ-415
        To read the email itself: outgate hold show 7KQ-415 --message FILE --by 'YOUR NAME' --why 'YOUR REASON'
        To let it go: outgate hold release 7KQ-415 --by 'YOUR NAME' --why 'YOUR REASON'
        To refuse it: outgate hold refuse 7KQ-415 --by 'YOUR NAME' --why 'YOUR REASON'
        Your name and reason are recorded. The reason for a refusal is told to the sender, word for word.

        We keep it until Thursday 12 November, 14:06 UTC, then delete it, and the sender is told.

        The rule: Secure File Transfer Policy v6.0, section 4.
        """)


def every_letter():
    refused = (("b@x.example", Reply(550, "5.1.1", "no such user")),)
    for one in (TOO_LARGE, RESTRICTED, LIST):
        yield to_sender(one, TEXTS)
        yield to_sender(one, {})
        yield to_decider(one, "ann@derbyshire.gov.uk", TEXTS)
        yield let_go(one)
        yield from (ended(one, how, "see the agreement") for how in ("expired", "refused", "not-allowed"))
    yield undelivered(DERBYSHIRE, refused, 2, START, "7KQ-402")
    yield delayed(DERBYSHIRE, (("b@x.example", Reply(451, "4.4.1", "nobody there")),), START, "7KQ-402", "Budget")
    yield undelivered(DERBYSHIRE, refused, 0, None, "7KQ-402", gave_up=True)


def test_no_letter_blames_or_speaks_the_language_of_machines():
    for letter in every_letter():
        for word in FORBIDDEN:
            assert word not in letter.subject.lower()
            assert word not in letter.text.lower()


def test_the_first_line_says_whether_it_was_sent_and_to_whom():
    for letter in every_letter():
        first = letter.text.splitlines()[0]
        assert "has not gone to " in first or "is on its way to " in first
        assert "@" in first


def test_the_case_number_stands_in_subject_and_text():
    for letter in every_letter():
        case = letter.subject.rpartition("(case ")[2].rstrip(")")
        assert case.startswith("7KQ-")
        assert case in letter.text


def test_file_names_and_the_senders_own_words_stand_in_no_subject():
    for letter in every_letter():
        assert not any(name in letter.subject for name in ("Site-survey", "Photos", "Costs", "Conference"))


def test_a_size_as_mail_is_explained_where_it_matters():
    tried = Tried("plain", "21.3 MB as mail; northmoor-surveys.example takes 20 MB")
    letter = to_sender(replace(TOO_LARGE, decision=replace(TOO_LARGE.decision, routes_tried=(tried,))), TEXTS)

    assert "- 21.3 MB as mail; northmoor-surveys.example takes 20 MB\nEmail adds about a third to every file on its way" in letter.text
    assert "plain" not in letter.text  # what the pack calls its methods tells a sender nothing


def found_in(*files, words=(), **more):
    """What the letter to the sender says of these findings."""
    letter = to_sender(replace(RESTRICTED, findings=Findings(files, words), **more), {})
    return next(part for part in letter.text.split("\n\n") if part.startswith(tuple(one.names[0] for one in files)))


def test_what_is_found_at_several_places_is_said_once_with_each_exact_place():
    """Found: "restr.pdf is marked RESTRICTED (page 1). restr.pdf is marked RESTRICTED (page 1 header)."."""
    marks = [Evidence(EvidenceKind.MARKING, "marking-1", where=where) for where in ("page 1", "page 1 header", "page 2 header")]

    assert found_in(file(2, "restr.pdf", 1, *marks)) == "restr.pdf is marked RESTRICTED (page 1 header, page 2 header)."


def test_a_file_inside_another_is_said_to_be_there():
    """Found: "restr.docx is marked RESTRICTED", while the list of files had only a.7z."""
    inside = replace(file(3, "restr.docx", 1, Evidence(EvidenceKind.MARKING, "marking-1")), inside="2")

    assert found_in(file(2, "a.7z", 1), inside) == "restr.docx inside a.7z is marked RESTRICTED."


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            replace(file(2, "a.bin", 1, Evidence(EvidenceKind.UNREADABLE, "unsupported")), readable=Readable.UNSUPPORTED),
            "a.bin could not be read: we cannot read this kind of file. a.bin counts as Confidential.",
        ),
        (
            replace(file(2, "a.pdf", 1, Evidence(EvidenceKind.UNREADABLE, "pictures-unread")), readable=Readable.PICTURES_UNREAD),
            "a.pdf has pictures or scanned pages that we could not read. a.pdf counts as Confidential.",
        ),
        (file(2, "a.jpg", 1), "a.jpg has no marking, and counts as Confidential."),
        (file(2, "a.txt", 1, Evidence(EvidenceKind.DETECTOR, "nhs-number", 12)), "a.txt has 12 NHS numbers. a.txt counts as Confidential."),
        (file(2, "a.txt", 1, Evidence(EvidenceKind.MARKING, "marking-1")), "a.txt is marked RESTRICTED."),
    ],
)
def test_what_nobody_has_marked_is_said_to_count_as_what_it_counts_as(one, said):
    """Found: for a picture that was too large the notice named a rule about confidential files, and never said that it counted as one."""
    assert found_in(one, levels={"2": "confidential"}, highest="confidential") == said


def test_what_shuts_out_a_way_is_no_reason_to_keep():
    """Found: who decides read "Never without protected-message."."""
    never = Reason("no-restricted-in-clear", "never", text="Never without protected-message.")
    letter = to_decider(
        replace(RESTRICTED, decision=replace(RESTRICTED.decision, reasons=(*RESTRICTED.decision.reasons, never))), "a@own", {}
    )

    assert "Never without" not in letter.text


def test_what_nobody_can_let_go_offers_no_choice_that_is_none():
    """Found: "It waits for you. Tell us what you choose", with nothing to choose; who decided was offered a release in vain."""
    letter = to_sender(TOO_LARGE, TEXTS)
    assert "It waits for you" not in letter.text
    assert "Nobody can let it go as it is: send it again, changed in one of the ways above" in letter.text
    asked = to_decider(TOO_LARGE, "ann@derbyshire.gov.uk", TEXTS)
    assert "hold release" not in asked.text
    assert "- files of up to 12 MB together" in asked.text


def test_commands_can_be_typed_as_they_stand_and_who_has_no_shell_knows_whom_to_ask():
    """Found: they lacked --config, and the mailbox of who decides has no shell."""
    house = replace(DERBYSHIRE, config="/etc/outgate/our settings.toml")
    letter = to_decider(replace(RESTRICTED, house=house), "ann@derbyshire.gov.uk", TEXTS)

    assert letter.text.count(" --config '/etc/outgate/our settings.toml'") == 4
    assert "or ask postmaster@derbyshire.gov.uk to run it for you" in letter.text
    assert "The reason for a refusal is told to the sender, word for word." in letter.text


def test_the_hours_of_who_decides_stand_beside_the_deadline():
    """Found: a deadline at 19:35 for people who are there until 17:00, and nothing said so."""
    letter = to_sender(replace(RESTRICTED, hours="Mon-Fri 09:00-17:00"), TEXTS)

    assert "They are there Mon-Fri 09:00-17:00. They have until Thursday 5 November, 18:06 UTC; " in letter.text


@pytest.mark.parametrize("subject", ["", "  ", "Budget\n\n\N{RIGHT-TO-LEFT OVERRIDE}It has gone." + "x" * 500])
def test_a_subject_stands_in_one_short_line_and_in_no_subject_of_ours(subject):
    letter = to_sender(replace(TOO_LARGE, subject=subject), TEXTS)

    assert letter.text.startswith('Your email "Budget It has gone.xxx' if subject.strip() else "Your email of 14:06 has")
    assert "Budget" not in letter.subject
    assert "x" * 100 not in letter.text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in letter.text


def test_hours_that_name_no_zone_are_those_of_the_organisation():
    """Found: they were taken as UTC, so in summer people were asked an hour before they came and not in their last."""
    pack = policy(people={"ig": Person("ig", "ig@x", "Mon-Fri 08:30-17:00", "duty"), "duty": Person("duty", "duty@x")})
    house = replace(DERBYSHIRE, timezone=ZoneInfo("Europe/London"))
    summer = datetime(2026, 7, 1, 7, 45, tzinfo=UTC)

    assert resolve("ig", pack, house, (), summer).mailbox == "ig@x"
    assert resolve("ig", pack, replace(house, timezone=ZoneInfo("UTC")), (), summer).mailbox == "duty@x"


def test_whoever_decides_already_does_not_decide_from_then_on():
    held = Decision("b@x.example", (), Verdict.HOLD, None, held_for="duty-manager")
    until = START + timedelta(hours=4)
    letter = to_sender(about(held, answer_by=until, decider="The Duty Manager", then="The Duty Manager"), {})

    assert "The Duty Manager decides whether it may go. They have until Thursday 5 November, 18:06 UTC. You hear either way." in letter.text


def test_what_a_confirm_asks_for_is_asked():
    asked = Decision(
        "b@cjsm.net", (), Verdict.CONFIRM, "cjsm", reasons=(Reason("cjsm-purpose", "confirm", declares="purpose"),), held_for="sender"
    )
    letter = to_sender(about(asked, answer_by=START + timedelta(days=1), then="Information Governance"), {})

    assert "It waits for you. Tell us what it is for: ICT Service Desk, 01629 000000, case 7KQ-402." in letter.text
    assert "If you have not answered by Friday 6 November, 14:06 UTC, Information Governance decides." in letter.text


def test_many_recipients_are_not_all_listed():
    assert listed(("a@x", "b@x")) == "a@x and b@x"
    assert listed(tuple(f"{number}@x" for number in range(12))).endswith("9@x and 2 more")


# --- the short form -------------------------------------------------------------------------------------------------------


def test_the_diagnostic_code_says_the_sizes_and_the_case():
    reply = smtp_reply(TOO_LARGE.decision, TEXTS, to=TOO_LARGE.decision.recipient, case="7KQ-402", values=values_of(TOO_LARGE))

    assert str(reply) == (
        "550 5.2.3 Not sent to surveyor@northmoor-surveys.example: files are 14.2 MB, encrypted email takes 12 MB."
        " Your email is kept (case 7KQ-402)"
    )


def test_where_nothing_is_kept_the_reply_promises_nothing_and_has_no_holes():
    assert str(smtp_reply(TOO_LARGE.decision, TEXTS)) == "550 5.2.3 Not sent: files too big for encrypted email"


@pytest.mark.parametrize("why", ["x" * 3000, "größer als erlaubt\r\n250 fine", "\u2028\x00"])
def test_a_reply_is_one_short_line_of_ascii(why):
    decision = Decision("b@x.example", (), Verdict.REFUSE, None, reasons=(Reason("r", "refuse", text=why),))
    reply = smtp_reply(decision, {}, to="bø@x.example", case="7KQ-402")

    assert reply.text.isascii()
    assert reply.text.isprintable()
    assert len(reply.text) <= MAX_REPLY
    assert reply.text.endswith("(case 7KQ-402)")


def test_a_title_takes_no_placeholders_since_it_becomes_part_of_a_subject():
    with pytest.raises(BadPack, match="title"):
        text("x", "{files} are too big", "Text.")


# --- who decides ----------------------------------------------------------------------------------------------------------


PEOPLE = {
    "information-governance": Person("information-governance", "ig@derbyshire.gov.uk", "Mon-Fri 08:30-17:00 Europe/London", "duty-manager"),
    "duty-manager": Person("duty-manager", "duty@derbyshire.gov.uk", phone="01629 000001"),
}
SNAPSHOT = Snapshot(
    lists={"all@derbyshire.gov.uk": KnownList("all@derbyshire.gov.uk", "owner@derbyshire.gov.uk", 3, 0, ())},
    registers={"partners.yaml": Register(Places.of([("brightsteps.example", Entry("A-1", "children@derbyshire.gov.uk"))]))},
)


@pytest.mark.parametrize(
    ("held_for", "to", "at", "mailbox"),
    [
        ("information-governance", "b@x.example", START, "ig@derbyshire.gov.uk"),
        ("information-governance", "b@x.example", START + timedelta(hours=6), "duty@derbyshire.gov.uk"),
        ("information-governance", "b@x.example", START + timedelta(days=2), "duty@derbyshire.gov.uk"),
        ("list-owner", "all@derbyshire.gov.uk", START, "owner@derbyshire.gov.uk"),
        ("list-owner", "b@x.example", START, "postmaster@derbyshire.gov.uk"),
        ("agreement-owner", "m@brightsteps.example", START, "children@derbyshire.gov.uk"),
        ("agreement-owner", "b@x.example", START, "postmaster@derbyshire.gov.uk"),
        ("owner", "b@x.example", START, "owner@own.example"),
        ("nobody-knows", "b@x.example", START, "postmaster@derbyshire.gov.uk"),
    ],
)
def test_a_case_always_has_somebody(held_for, to, at, mailbox):
    pack = policy(people=PEOPLE, snapshot=SNAPSHOT)

    assert resolve(held_for, pack, DERBYSHIRE, (recipient(to),), at).mailbox == mailbox


@pytest.mark.parametrize(
    ("held_for", "then", "mailbox"),
    [
        ("list-owner", "information-governance", "ig@derbyshire.gov.uk"),
        ("list-owner", "nobody-knows", "postmaster@derbyshire.gov.uk"),
        ("postmaster", None, "postmaster@derbyshire.gov.uk"),
    ],
)
def test_for_a_person_who_cannot_be_found_comes_the_next(held_for, then, mailbox):
    pack = policy(people=PEOPLE, snapshot=SNAPSHOT)

    assert resolve(held_for, pack, DERBYSHIRE, (recipient("b@x.example"),), START, then).mailbox == mailbox


def test_people_who_stand_in_for_each_other_do_not_go_round_for_ever():
    never = "Mon-Mon 00:00-00:01"
    pack = policy(people={"a": Person("a", "a@x", never, "b"), "b": Person("b", "b@x", never, "a")})

    assert resolve("a", pack, DERBYSHIRE, (), START).mailbox in {"a@x", "b@x"}


@pytest.mark.parametrize(
    ("hours", "is_on"),
    [("always", True), ("Mon-Fri 08:30-17:00", True), ("Sat-Sun 08:30-17:00", False), ("Fri-Thu 14:06-14:07", True), ("gibberish", True)],
)
def test_hours(hours, is_on):
    assert is_on_duty(Person("p", "p@x", hours), START) is is_on


# --- as mail --------------------------------------------------------------------------------------------------------------

ORIGINAL = (
    b"From: ann@derbyshire.gov.uk\r\nTo: b@x.example\r\nSubject: secret plans\r\nMessage-ID: <o1@derbyshire.gov.uk>\r\n\r\nsecret body\r\n"
)


def posted(write):
    """The mails that `write(post, stage)` makes, read by the standard library."""
    stage = Stage(ScriptedHop("plain"))
    rows = run(write(Post(stage.world, policy(people=PEOPLE, snapshot=SNAPSHOT), DERBYSHIRE), stage))
    return [(row, email.message_from_bytes(stage.vault.objects[row.object_id], policy=email.policy.SMTP)) for row in rows]


def held(decision, *recipients, state="open"):
    envelope = Envelope(address("ann@derbyshire.gov.uk"), recipients, envid="E-1")
    return Held(
        "7KQ-402",
        "holds-1",
        "m1",
        "in",
        envelope,
        decision,
        state,
        START,
        None,
        START + timedelta(days=7),
        "information-governance",
        "p",
        "v",
    )


def test_a_refusal_is_a_dsn_of_three_parts_that_programs_understand():
    silent, told = recipient("a@x.example", ("NEVER",)), recipient("b@x.example", orcpt="rfc822;B+2Bold@x.example")
    decision = Decision("a@x.example", (), Verdict.REFUSE, None, reasons=(Reason("r", "refuse", text="nobody may write there"),))
    step = Step(Verdict.REFUSE, None, (decision, replace(decision, recipient="b@x.example")), (silent, told))

    async def write(post, stage):
        return await post.of_step(step, held(decision, silent, told, state="refused"), Octets(ORIGINAL), UNSEEN, total=2)

    ((row, mail),) = posted(write)

    assert (row.reverse_path, row.recipients[0].address.wire, row.next_hop, row.case) == ("", "ann@derbyshire.gov.uk", "plain", "7KQ-402")
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "delivery-status"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<o1@derbyshire.gov.uk>"
    assert mail["Subject"] == "Not sent to 1 of 2 people: the rules stopped it (case 7KQ-402)"
    words, status, original = mail.iter_parts()
    assert words.get_content().startswith('Your email "secret plans" of 14:06 has not gone to b@x.example.')
    assert "a@x.example" not in words.get_content()
    message, one = status.get_payload()
    assert message["Original-Envelope-Id"] == "E-1"
    assert (one["Final-Recipient"], one["Original-Recipient"]) == ("rfc822; b@x.example", "rfc822; B+old@x.example")
    assert (one["Action"], one["Status"], one["Final-Log-Id"]) == ("failed", "5.7.1", "7KQ-402")
    assert one["Diagnostic-Code"] == "smtp; 550 5.7.1 Not sent to b@x.example: nobody may write there. Your email is kept (case 7KQ-402)"
    assert "Subject: secret plans" in original.get_payload()
    assert b"secret body" not in mail.as_bytes()


def test_mail_that_is_kept_is_told_by_a_plain_notice_and_its_decider_is_asked():
    one = recipient("b@x.example")
    decision = Decision(
        "b@x.example", (), Verdict.HOLD, "plain", reasons=(Reason("r", "hold", text="looked at"),), held_for="information-governance"
    )
    step = Step(Verdict.HOLD, "plain", (decision,), (one,))

    async def write(post, stage):
        return await post.of_step(step, held(decision, one), Octets(ORIGINAL), UNSEEN, total=1)

    (_, to_ann), (row, to_officer) = posted(write)

    assert to_ann.get_content_type() == "text/plain"
    assert "Information Governance decides whether it may go." in to_ann.get_content()
    assert row.recipients[0].address.wire == "ig@derbyshire.gov.uk"
    assert to_officer["Auto-Submitted"] == "auto-generated"
    assert to_officer["In-Reply-To"] is None
    assert "secret plans" not in to_officer.as_string()


def test_a_bounce_says_what_their_mail_system_said_and_who_has_the_mail():
    failed = (Outcome(recipient("b@x.example"), Ending.BOUNCED, Reply(550, "5.1.1", "no such user")),)

    async def write(post, stage):
        reports = Reports(post.world, post.policy, post.house)
        return await reports.bounce(Envelope(address("ann@derbyshire.gov.uk"), ()), "m1", Octets(ORIGINAL), failed, 2, START)

    ((_, mail),) = posted(write)
    words = next(mail.iter_parts()).get_content()

    assert mail["Subject"] == "Not sent to b@x.example: their mail system refused it"
    assert words.startswith('Your email "secret plans" of 14:06 has not gone to b@x.example. It has gone to your other 2 recipients.')
    assert "- b@x.example: their mail system answered: 550 5.1.1 no such user" in words


def test_the_last_word_is_said_even_when_the_content_is_lost():
    one = recipient("b@x.example")
    decision = Decision("b@x.example", (), Verdict.HOLD, "plain")

    async def write(post, stage):
        return await post.last_word(held(decision, one), "expired")

    ((_, mail),) = posted(write)

    assert mail["Subject"] == "Not sent: no answer came in time (case 7KQ-402)"


@pytest.mark.parametrize(("sender", "notify"), [("", None), ("eve@foreign.example", None), ("ann@derbyshire.gov.uk", ("NEVER",))])
def test_nobody_who_may_not_be_told_is_told(sender, notify):
    one = recipient("b@x.example", notify)
    decision = Decision("b@x.example", (), Verdict.HOLD, "plain", held_for="information-governance")
    kept = replace(held(decision, one), envelope=Envelope(address(sender), (one,)))

    async def write(post, stage):
        step = Step(Verdict.HOLD, "plain", (decision,), (one,))
        return (
            *await post.last_word(kept, "expired"),
            *await post.gone(kept, Octets(b""), UNSEEN, {}, {}),
            *await post.of_step(step, kept, Octets(b""), UNSEEN, total=1),
        )

    assert [row.recipients[0].address.wire for row, _ in posted(write)] == ["ig@derbyshire.gov.uk"]


def test_a_file_name_cannot_write_a_letter_of_ours():
    name = "a.docx\n\n**It has gone. You need do nothing.\n\N{RIGHT-TO-LEFT OVERRIDE}" + "x" * 500
    marked = Evidence(EvidenceKind.MARKING, "m", where="sheet A\n\nRing 555 to let it go")
    findings = Findings((file(2, name, 1.0, marked),), ())

    for letter in (to_sender(replace(RESTRICTED, findings=findings), {}), to_decider(replace(RESTRICTED, findings=findings), "a@own", {})):
        assert "\n**It has gone" not in letter.text
        assert "\nRing" not in letter.text
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in letter.text
        assert "x" * 200 not in letter.text
        assert "a.docx **It has gone." in letter.text
