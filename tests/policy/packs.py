"""Packs for tests: those of the house, and small ones written in place."""

from pathlib import Path

from gateway.errors import BadPack, Problem
from gateway.policy.parse_pack import load_pack
from gateway.policy.rules import Policy

RULES = Path(__file__).resolve().parent.parent.parent / "rules"
PACKS = ("starter", "derbyshire-council", "connecticut-state", "uk-government")
OWN = ("example.org",)

# ruff: noqa: E501 - rows of a pack are as long as officers write them
SMALL = """\
pack: small
source: a test
owner: someone@example.org
review_by: 2030-01-01
people: {officer: {mailbox: officer@example.org}}
groups: {lawyers: {addresses: [law@example.org]}}
lists: lists.yaml
classifications: [public, internal, secret]
unmarked: {files: internal, words: public}
markings:
  - {text: SECRET, where: [subject_start, page_header], whole_line: true, is: secret}
  - {text: PUBLIC, where: [page_header, page_footer], whole_line: true, is: public}
  - {detector: card, at_least: 2, is: secret}
  - {unreadable: [encrypted, rights-protected, enveloped, damaged, over-budget, crashed, unsupported, pictures-unread], is: internal}
audiences:
  colleagues: {domains: own}
  partners: {register: partners.yaml}
  outsiders: {not_in: colleagues}
protections: {protected: message}
purposes: {justice: {groups: lawyers}}
routes:
  internal: {kind: relay, next_hop: mailboxes, for: colleagues}
  plain: {kind: relay, next_hop: internet, not_for: colleagues, limits: {message: 35MB}, recipient_limits: recipients.yaml, unknown_recipient_limit: 20MB}
  encrypted: {kind: relay, next_hop: exchange, not_for: colleagues, provides: [protected], limits: {attachments: 12MB}, clause: a test}
  link: {kind: share, place: cloud, for: partners, expires: {after: 14d}}
no_route:
  too_large: {do: confirm, guidance: too-large}
  otherwise: {do: hold, for: officer, guidance: help}
rules:
  - id: secret-is-protected
    when: {audience: outsiders, classification: {of: any, at_least: secret}}
    require: [protected]
never:
  - {id: no-secret-in-clear, facts: {audience: outsiders, classification: {of: any, at_least: secret}}, outcome: {without: [protected]}}
"""
LINK = "{kind: share, place: cloud, for: partners, expires: {after: 14d}}"  # its only share
BESIDE = {
    "partners.yaml": b"entries:\n  - {domain: partner.example, agreement: A-1, highest: internal, review_by: 2026-06-30}\n",
    "lists.yaml": b"as_of: 2026-01-01\nvalid_for: 365d\npeople: [b@own]\nlists:\n  - {address: all@own, members: [a@own, b@own, c@else.example]}\n",
    "recipients.yaml": b"limits: {partner.example: 35MB}\n",
    "guidance/too-large.en.md": b"---\ntitle: too large\n---\n\nToo large.\n",
    "guidance/help.en.md": b"---\ntitle: no method\n---\n\nAsk.\n",
}


def files_of(pack: str) -> dict[str, bytes]:
    folder = RULES / pack
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def small(text: str = SMALL, **beside: bytes) -> Policy:
    return load_pack({"pack.yaml": text.encode(), **BESIDE, **beside}, OWN)


def problems(text: str, beside: dict[str, bytes] | None = None) -> tuple[Problem, ...]:
    """What is wrong with a small pack; nothing when it loads."""
    try:
        load_pack({"pack.yaml": text.encode(), **(BESIDE if beside is None else beside)}, OWN)
    except BadPack as error:
        return error.problems
    return ()


def changed(old: str, new: str) -> str:
    assert SMALL.count(old) == 1, old
    return SMALL.replace(old, new)
