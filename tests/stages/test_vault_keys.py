"""`outgate keys`: what an operator hears while keys change, and what must be so before an old one goes."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from gateway.app.prepare import prepare
from gateway.app.vault_care import check_vault, sweep_vault
from gateway.app.vault_keys import list_keys, retire_keys, rotate_keys
from gateway.errors import TryLater, WillNotDo
from tests.stages.test_precautions import SETTINGS, given

PORTAL = '[portal]\nurl = "https://files.council.example"\nkeys = "portal-keys"\n'


class Operator:
    """What they type, and what they hear."""

    def __init__(self, folder: Path, text: str = SETTINGS) -> None:
        settings = given(folder, text)
        prepare(settings)
        self.config, self.keys = settings.file, settings.vault.keys
        self.heard: list[str] = []

    def rotate(self, family: str | None = None) -> str:
        return self._said(lambda: rotate_keys(self.config, family, self.heard.append, lambda _: None))

    def retire(self, family: str | None = None) -> str:
        return self._said(lambda: retire_keys(self.config, family, self.heard.append, lambda _: None))

    def wait_an_hour(self) -> None:
        for file in self.keys.iterdir():
            os.utime(file, (time.time() - 3601,) * 2)

    def names(self) -> set[str]:
        return {file.stem for file in self.keys.iterdir()}

    def _said(self, work) -> str:
        self.heard.clear()
        work()
        return "\n".join(self.heard)


def test_all_families_of_the_vault_change_together_and_the_others_never(tmp_path: Path):
    operator = Operator(tmp_path)
    before = operator.names()

    said = operator.rotate()
    assert operator.names() - before == {"holds-2", "shares-2", "notices-2"}
    assert said.count("was made, and is used from now on; keep a copy of it elsewhere") == 3
    with pytest.raises(TryLater, match="try again in 60 minutes"):
        operator.retire()
    operator.wait_an_hour()
    assert operator.retire().count("was deleted: nothing needs it") == 3
    assert operator.names() == {"holds-2", "shares-2", "notices-2", "links-1", "loop-1", "records-1"}
    assert operator.retire() == "There is no older key."


@pytest.mark.parametrize(
    ("family", "why"),
    [
        ("links", "a link would change with its key"),
        ("records", "which records are about the same"),
        ("loop", "nothing secret"),
        ("hold", "there is no such family; there are holds, shares, notices"),
    ],
)
def test_what_is_not_rotated_says_why(tmp_path: Path, family: str, why: str):
    operator = Operator(tmp_path)
    before = operator.names()

    with pytest.raises(WillNotDo, match=f"`{family}` is not rotated: .*{why}"):
        operator.rotate(family)

    assert operator.names() == before


def test_keys_are_listed_and_never_shown(tmp_path: Path):
    operator = Operator(tmp_path)
    operator.rotate("holds")

    said = list_keys(operator.config, count=True)

    assert re.search(r"^holds-1 +\d{4}-\d\d-\d\d \d\d:\d\dZ  opens what was sealed before, 0 objects: kept mail$", said, re.MULTILINE)
    assert re.search(r"^holds-2 .* used, 0 objects: kept mail$", said, re.MULTILINE)
    assert re.search(r"^links-1 .* used: the tokens of links$", said, re.MULTILINE)
    assert not [file for file in operator.keys.iterdir() if file.read_text().strip() in said]


def test_a_key_is_not_deleted_before_the_portal_has_the_next(tmp_path: Path):
    portal = tmp_path / "portal-keys"
    operator = Operator(tmp_path, SETTINGS + PORTAL)
    portal.mkdir()
    shutil.copy(operator.keys / "shares-1.key", portal)

    assert f"Copy it to {portal} too" in operator.rotate("shares")
    operator.wait_an_hour()
    with pytest.raises(TryLater, match="the portal needs shares-2: copy it to"):
        operator.retire("shares")
    assert "shares-1" in operator.names()
    shutil.copy(operator.keys / "shares-2.key", portal)
    assert "shares-1 was deleted" in operator.retire("shares")


def test_a_damaged_object_keeps_its_old_key(tmp_path: Path):
    operator = Operator(tmp_path)
    damaged = tmp_path / "var" / "vault" / "holds" / "00" / ("0" * 32)
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"not what it was")
    operator.rotate("holds")
    operator.wait_an_hour()

    said = operator.retire("holds")

    assert f"holds-{'0' * 32} cannot be: it is damaged" in said
    assert "holds-1 stays: 1 object cannot be read without" in said
    assert "holds-1" in operator.names()


def test_the_vault_is_checked_and_swept_while_the_gateway_is_stopped(tmp_path: Path):
    operator = Operator(tmp_path)
    stray = tmp_path / "var" / "vault" / "holds" / "00" / ("0" * 32)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"not what it was")

    is_well, said = check_vault(operator.config, (), lambda _: None)
    assert (is_well, said.splitlines()[1:]) == (False, ["1 object read, 1 wrong", "1 object, 0.0 MB"])
    assert sweep_vault(operator.config, really=True).startswith("Nothing to sweep")
    os.utime(stray, (time.time() - 90_000,) * 2)
    assert sweep_vault(operator.config, really=False).startswith("Nobody needs 1 of 1 object.")
    assert sweep_vault(operator.config, really=True) == "1 of 1 object deleted."
    assert check_vault(operator.config, (), lambda _: None) == (True, "0 objects read, 0 wrong\n0 objects, 0.0 MB")
