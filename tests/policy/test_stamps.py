"""The effect `stamp` as an officer meets it: in tests of a pack, in explain, and against the names that settings use."""

import pytest

from gateway.app.pack import load_policy
from gateway.errors import BadPack
from gateway.studio.explain_text import as_text
from gateway.studio.test import run_tests
from tests.policy.packs import BESIDE, RULES, SMALL
from tests.stages.test_decide import decided, with_rules
from tests.stages.test_explain import explained
from tests.stages.test_precautions import SETTINGS, given

STAMPING = with_rules("{id: mark, when: {audience: outsiders}, stamp: {X-Marking: official, X-Handling: with care}}")


def test_a_test_of_a_pack_can_expect_it():
    rows = """
- {name: an outsider's copy is stamped, facts: {recipient: b@else.example}, expect: {stamps: ["X-Marking: official"], because: mark}}
- {name: a colleague's is not, facts: {recipient: b@example.org}, expect: {stamps: "X-Marking: official"}}
"""
    results = run_tests({"pack.yaml": STAMPING.encode(), **BESIDE, "tests/a.yaml": rows.encode()})

    assert [result.passed for result in results] == [True, False]
    assert results[1].wrong == ("stamps: expected X-Marking: official, there are none",)


def test_explain_says_what_is_put_into_the_header():
    found = explained(text=STAMPING)
    (recipient,) = found["recipients"]

    assert recipient["stamps"] == ["X-Handling: with care", "X-Marking: official"]
    assert "  stamp by mark: X-Handling: with care and X-Marking: official stand in the header" in as_text(found).splitlines()


@pytest.mark.parametrize("name", ["X-Council-Marking", "X-Topic", "X-Token", "X-Senders-Office", "X-Msg"])
def test_a_name_of_ones_own_may_begin_like_another(name):
    assert decided(with_rules(f"{{id: mark, stamp: {{{name}: 'a'}}}}"), {}).stamps == ((name, "a"),)


@pytest.mark.parametrize("name", ["X-Outgate-Route", "X-OUTGATE-ROUTE"])
def test_a_stamp_that_would_set_off_a_next_hop_is_refused(tmp_path, name):
    """It would do so by every route, whatever protection the one to that hop stands for."""
    pack = tmp_path / "pack"
    for file, octets in BESIDE.items():
        (pack / file).parent.mkdir(parents=True, exist_ok=True)
        (pack / file).write_bytes(octets)
    text = SMALL.replace("    require: [protected]\n", f"    stamp: {{{name}: 'yes'}}\n")
    (pack / "pack.yaml").write_text(text.replace(", next_hop: exchange", ", next_hop: encrypted").replace("  link: ", "  # link: "))
    settings = given(tmp_path, SETTINGS.replace(f'"{RULES}/starter"', f'"{pack}"'))

    with pytest.raises(BadPack, match=f"rule `secret-is-protected` stamps `{name}`, which is the trigger_header of a next hop"):
        load_policy(settings.policy.source, settings)
