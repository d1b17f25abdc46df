"""What if: a scenario changes what is known beside the message, and the same code decides. Mistakes have a place and a way out."""

from dataclasses import replace

import pytest

from gateway.app.house import house_of
from gateway.app.studio import _settings
from gateway.errors import BadInput
from gateway.gather import not_found
from gateway.pipeline import judge
from gateway.policy.parse_pack import load_pack
from gateway.studio.explain import explain
from gateway.studio.explain_text import as_text
from gateway.studio.scenario import read_scenario
from tests.doubles import PlainFiles, StillClock, address, arrival, recipient, run
from tests.policy.packs import RULES, files_of, small

OURS = "derbyshire.gov.uk"
ANN, SCHOOL = f"ann@{OURS}", "head@derbyshire.sch.uk"
RESTRICTED = b"Subject: RESTRICTED: Smith\r\n\r\nWords.\r\n"
FILE = (
    b"Subject: Look\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nWords.\r\n"
    b'--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nA file.\r\n--b--\r\n'
)


def supposing(text: str, octets: bytes = RESTRICTED, to: str = SCHOOL, sender: str = ANN, pack: str = "derbyshire-council"):
    """The decision for one recipient, as `outgate explain --scenario` makes it."""
    scenario = read_scenario("what-if.yaml", text.encode())
    policy = load_pack(files_of(pack), (OURS,), scenario.instead)
    policy = policy.bind(policy.next_hops)
    known = scenario.beside(policy)
    policy = scenario.known_groups(policy, sender)
    arrived = arrival(octets, sender, [recipient(to)], StillClock())
    peer = replace(arrived.peer, address=scenario.part.peer, certificate=scenario.part.certificate)
    arrived = replace(arrived, peer=peer, received_at=scenario.at or arrived.received_at)
    house = house_of(_settings(None, RULES, address(sender)))
    found = run(judge(arrived, arrived.envelope.recipients, policy, house, PlainFiles(), known=known))
    if lacking := not_found(known.declared, found.findings):
        raise scenario.not_in_message(lacking)
    return found.decisions[0], as_text(explain(found.message, found.findings, found.facts, found.decisions, policy, scenario.as_json))


def said(text: str, **more) -> tuple[str, str | None]:
    decision, _ = supposing(text, **more)
    return decision.verdict.word, decision.route


CJSM, PARTNER = "clerk@court.cjsm.net", "b@newpartner.example"
ENROLLED = "{entries: [{domain: newpartner.example, agreement: A-1, highest: restricted, review_by: 2030-01-01}]}"


@pytest.mark.parametrize(
    ("scenario", "more", "expected"),
    [
        ("", {"to": CJSM}, ("confirm", "microsoft-encrypted")),
        ("purpose: criminal-justice", {"to": CJSM}, ("release", "cjsm")),
        ("purpose: other", {"to": CJSM}, ("release", "microsoft-encrypted")),
        ("sender_groups: [criminal-justice-staff]", {"to": CJSM}, ("release", "cjsm")),
        ("sender_groups: []", {"to": CJSM}, ("confirm", "microsoft-encrypted")),
        ("sender_groups: unknown", {"to": CJSM}, ("confirm", "microsoft-encrypted")),
        ("lifted: [cjsm-purpose]", {"to": CJSM}, ("release", "microsoft-encrypted")),
        ("{purpose: criminal-justice, unusable: [cjsm]}", {"to": CJSM}, ("release", "microsoft-encrypted")),
        ("{sender_groups: [urgent-safeguarding], overrides: [urgent-safeguarding]}", {"to": CJSM}, ("release", "microsoft-encrypted")),
        ("{sender_groups: [], overrides: [urgent-safeguarding]}", {"to": CJSM}, ("confirm", "microsoft-encrypted")),
        ("", {"to": PARTNER}, ("release", "microsoft-encrypted")),  # a stranger
        ("files: {partners.yaml: {entries: [{domain: newpartner.example}]}}", {"to": PARTNER}, ("hold", "microsoft-encrypted")),
        (f"files: {{partners.yaml: {ENROLLED}}}", {"to": PARTNER}, ("release", "microsoft-encrypted")),
        (f"{{at: 2030-01-02, files: {{partners.yaml: {ENROLLED}}}}}", {"to": PARTNER}, ("hold", "microsoft-encrypted")),  # has lapsed
        ("files: {partners.yaml: stale}", {"to": PARTNER}, ("hold", "microsoft-encrypted")),
        ("files: {lists.yaml: stale}", {"to": f"unheard-of@{OURS}"}, ("hold", "internal")),
        ("files: {recipients.yaml: {limits: {derbyshire.sch.uk: 5B}}}", {"octets": b"\r\nlarge"}, ("release", "microsoft-encrypted")),
        ("at: 2027-03-31", {"octets": FILE}, ("release", "microsoft-encrypted")),  # schools-portal-first advises
        ("at: 2027-04-01", {"octets": FILE}, ("confirm", "microsoft-encrypted")),
        ("{at: 2027-04-01, declared: [portal-not-suitable]}", {"octets": FILE}, ("release", "microsoft-encrypted")),
        ("corrected: [{of: a.txt, is: public}]", {"octets": FILE}, ("release", "plain")),
        ("corrected: [{of: words, is: public}]", {}, ("release", "microsoft-encrypted")),  # the sender lowers no marking
        ("corrected: [{of: words, is: public, by: information-governance}]", {}, ("release", "plain")),
        ("certificate: CN=benefits.int", {"octets": FILE, "sender": f"noreply.benefits@{OURS}"}, ("release", "microsoft-encrypted")),
        ("peer: 10.20.30.4", {"octets": FILE, "sender": f"planning.noreply@{OURS}"}, ("release", "plain")),  # of a system: public
        ("peer: 10.20.40.4", {"octets": FILE, "sender": f"planning.noreply@{OURS}"}, ("release", "microsoft-encrypted")),
    ],
)  # fmt: skip
def test_what_is_supposed_is_decided_by(scenario, more, expected):
    assert said(scenario, **more) == expected


@pytest.mark.parametrize(
    ("scenario", "problem"),
    [
        ("purpos: x", "what-if.yaml:1:1: unknown key `purpos`; did you mean `purpose`?"),
        ("purpose: crime", "what-if.yaml:1:10: unknown purpose `crime`; there are: criminal-justice, other"),
        ("declared:\n  - portal", "what-if.yaml:2:5: unknown word (no confirm declares it) `portal`; there are: portal-not-suitable"),
        ("overrides: [urgent]", "what-if.yaml:1:13: unknown override `urgent`; there are: urgent-safeguarding"),
        ("unusable: [cjms]", "what-if.yaml:1:12: unknown route `cjms`; did you mean `cjsm`?"),
        ("lifted: [cjsm-purpos]", "what-if.yaml:1:10: unknown rule `cjsm-purpos`; did you mean `cjsm-purpose`?"),
        ("sender_groups: [foi]", "what-if.yaml:1:17: unknown group `foi`"),
        ("corrected: [{of: words, is: secret}]", "what-if.yaml:1:29: unknown classification `secret`"),
        ("corrected: [{of: words, is: public, by: bob}]", "what-if.yaml:1:41: unknown person `bob`"),
        ("corrected: [{of: b.txt, is: public}]", "what-if.yaml:1:18: the message has no file `b.txt`"),
        ("peer: here", "what-if.yaml:1:7: `here` is no IP address; write 10.20.30.4"),
        ("at: tomorrow", "what-if.yaml:1:5: `tomorrow` is no day; write 2027-12-18"),
        ("files: {partner.yaml: stale}", "what-if.yaml:1:23: unknown file `partner.yaml`; did you mean `partners.yaml`?"),
        ("files: {recipients.yaml: stale}", "what-if.yaml:1:26: `recipients.yaml` does not get stale; only registers and lists do"),
        ("files:\n  partners.yaml: {entrys: []}", "what-if.yaml:2:19: unknown key `entrys`; did you mean `entries`?"),
        ("files: {partners.yaml: {entries: [{agreement: A}]}}", "what-if.yaml:1:35: needs either a `domain:` or an `address:`"),
    ],
)  # fmt: skip
def test_a_mistake_has_a_place_and_a_way_out(scenario, problem):
    with pytest.raises(BadInput) as caught:
        supposing(scenario)

    assert any(str(one).startswith(problem) for one in caught.value.problems), caught.value


def test_what_is_supposed_stands_above_what_is_explained():
    _, text = supposing("{at: 2027-04-01, declared: [portal-not-suitable], files: {partners.yaml: stale}}", octets=FILE)

    assert "\nSupposed at: 2027-04-01\nSupposed declared: portal-not-suitable\nSupposed files: partners.yaml stale\n" in text


def test_an_empty_scenario_supposes_nothing():
    decision, text = supposing("")
    policy = small()

    assert "Supposed" not in text
    assert (decision.lifted, read_scenario("", b"").known_groups(policy, ANN)) == ((), policy)


def test_a_file_named_twice_is_corrected_twice_and_what_is_not_there_changes_nothing():
    octets = FILE.replace(b"--b--\r\n", b"") + b'--b\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nAnother.\r\n--b--\r\n'

    assert said("corrected: [{of: a.txt, is: public}]", octets=octets) == ("release", "plain")
    assert said("corrected: [{of: '2', is: public}]", octets=octets) == ("release", "microsoft-encrypted")


def test_a_scenario_keeps_the_version_of_the_pack():
    scenario = read_scenario("s", f"files: {{partners.yaml: {ENROLLED}}}".encode())
    files = files_of("derbyshire-council")

    assert load_pack(files, (OURS,), scenario.instead).version == load_pack(files, (OURS,)).version
