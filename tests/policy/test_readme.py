"""What rules/README.md shows of whole parts of a pack can be copied into one."""

import re

import pytest

from gateway.policy.parse_pack import load_pack
from gateway.studio.check import check
from tests.policy.packs import BESIDE, OWN, RULES, SMALL

SHOWN = re.findall(r"```yaml\n((?:systems|overrides|exceptions):\n.*?)```", (RULES / "README.md").read_text(), re.DOTALL)
PACK = SMALL.replace("{officer:", "{information-governance: {mailbox: ig@own}, officer:").replace(
    "groups: {lawyers:", "groups: {safeguarding-team: {addresses: [jo@own]}, lawyers:"
)
RULE = "rules:\n  - {id: restricted-to-outsiders, when: {audience: outsiders}, hold: {for: officer}}\n"


def pack(*parts: str) -> dict[str, bytes]:
    return {"pack.yaml": PACK.replace("rules:\n", "".join(parts) + RULE, 1).encode(), **BESIDE}


@pytest.mark.parametrize("part", SHOWN, ids=[part.partition(":")[0] for part in SHOWN])
def test_what_is_shown_loads_without_a_word(part):
    assert not [str(problem) for problem in check(pack(part), OWN)]


def test_each_is_shown_with_every_key():
    policy = load_pack(pack(*SHOWN), OWN)
    (system,), (override,), (exception,) = policy.systems, policy.overrides, policy.exceptions

    assert all((system.senders, system.certificate, system.networks, system.owner, system.unmarked_files, system.notices_to))
    assert all((override.who, override.lifts, override.asks, override.told, override.clause))
    assert all((exception.senders, exception.sender_groups, exception.recipients, exception.why, exception.approved_by, exception.until))
