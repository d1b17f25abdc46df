"""What stands twice: a mistake where it would mean two things, the strictest where a pack may say more than one thing."""

from datetime import UTC, datetime

import pytest

from gateway.model.envelope import Address
from gateway.model.facts import FileFacts, MessageFacts, SenderFacts
from gateway.model.finding import Readable
from gateway.policy.recipients import facts_of
from gateway.policy.view import Mail, View
from tests.policy.packs import BESIDE, SMALL, changed, problems, small

LABEL = "{label: {tenant: 11111111-1111-1111-1111-111111111111, id: 33333333-3333-3333-3333-333333333333}, is: IS}"
LABELS = "".join(f"  - {LABEL.replace('IS', level)}\n" for level in ("secret", "public"))
SYSTEM = "NAME: {owner: officer@own, notices_to: owner, senders: [letters@own], networks: [NETWORK], unmarked_files: LEVEL}"
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def row(where: str, agreement: str = "A-1", highest: str = "internal", until: str = "2027-01-01") -> str:
    return f"  - {{domain: {where}, agreement: {agreement}, highest: {highest}, review_by: {until}}}\n"


def register(*rows: str) -> bytes:
    return ("entries:\n" + "".join(rows)).encode()


def limits(*rows: str) -> dict[str, bytes]:
    return {"recipients.yaml": ("limits:\n" + "".join(f"  {one}\n" for one in rows)).encode()}


def systems(*rows: tuple[str, str, str]) -> str:
    made = "".join(f"  {SYSTEM.replace('NAME', name).replace('NETWORK', net).replace('LEVEL', level)}\n" for name, net, level in rows)
    return changed("routes:\n", f"systems:\n{made}routes:\n")


MISTAKES = (
    (
        changed("markings:\n", "markings:\n" + LABELS),
        {},
        "pack.yaml:12:`33333333-3333-3333-3333-333333333333` stands twice: also in line 11",
    ),
    (SMALL, {"partners.yaml": register(row("p.example"), row("P.example"))}, "partners.yaml:3:`p.example` stands twice: also in line 2"),
    (SMALL, {"partners.yaml": register(row("own"), row("example.org"))}, "partners.yaml:3:`example.org` stands twice: also in line 2"),
    (SMALL, limits("p.example: 5MB", "P.example: 35MB"), "recipients.yaml:3:`P.example` stands twice: also in line 2"),
    (SMALL, limits("own: 5MB", "example.org: 35MB"), "recipients.yaml:3:`example.org` stands twice: also in line 2"),
    (
        systems(("a", "10.0.0.0/8", "public"), ("b", "10.1.0.0/16", "secret")),
        {},
        "pack.yaml:23:system `b` has the sender `letters@example.org`",
    ),
)


@pytest.mark.parametrize(("text", "beside", "says"), MISTAKES)
def test_what_would_mean_two_things_is_a_mistake(text, beside, says):
    (found,) = (one for one in problems(text, BESIDE | beside) if one.severity == "error")

    assert f"{found.file}:{found.line}:{found.says}".startswith(says)


def test_systems_apart_are_two():
    assert len(small(systems(("a", "10.0.0.0/16", "public"), ("b", "10.1.0.0/16", "secret"), ("c", "fd00::/8", "secret"))).systems) == 3


def test_of_two_lines_about_one_kind_of_unreadable_the_strictest_counts():
    more = "  - {unreadable: [encrypted], is: secret}\n"
    for text in (changed("markings:\n", f"markings:\n{more}"), changed("audiences:\n", f"{more}audiences:\n")):
        policy = small(text)
        files = tuple(FileFacts(str(n), None, "a", "b", 1, 1, kind) for n, kind in enumerate((Readable.ENCRYPTED, Readable.DAMAGED)))
        message = MessageFacts(1, SenderFacts("a@example.org", "example.org", ours=True), files, looked_for=policy.ladder.looks_for)

        assert [policy.ladder.name(levels.top) for levels in policy.ladder.each_file(message).values()] == ["secret", "internal"]


def test_own_in_a_file_of_limits_is_the_organisation():
    policy = small(**{"recipients.yaml": b"limits: {own: 1MB}\n"})

    assert policy.route("plain").recipient_limits.find("a@example.org", "example.org") == 1024**2


TWO = changed("  outsiders:", "  agreed: {register: agreed.yaml}\n  outsiders:")


@pytest.mark.parametrize(
    ("first", "second", "highest"),
    [
        (row("p.example"), row("p.example", "B-2", "secret", "2020-01-01"), "internal"),  # what has lapsed covers nothing
        (row("p.example", "B-2", "secret", "2020-01-01"), row("p.example"), "internal"),
        (row("p.example"), row("p.example", "B-2", "secret"), "secret"),
        (row("p.example", until="2020-01-01"), row("p.example", "B-2", "secret", "2020-01-01"), "secret"),  # `agreement: lapsed` asks
    ],
)
def test_what_an_agreement_covers_is_what_a_current_one_covers(first, second, highest):
    policy = small(TWO, **{"partners.yaml": register(first), "agreed.yaml": register(second)})
    message = MessageFacts(1, SenderFacts("a@example.org", "example.org", ours=True), looked_for=policy.ladder.looks_for)
    view = View(policy, facts_of(Address("b@p.example", "b", "p.example"), message, policy.snapshot, DAY), Mail(policy, message))

    assert policy.ladder.names[view.agreed_level] == highest
