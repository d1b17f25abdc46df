"""What an operator does with the vault, against a running gateway, in a folder and in the buckets of both clouds."""

import json
import os
import re
import time
from collections.abc import Iterator

import pytest

from gateway.app.vaults import make_store
from gateway.config import load
from gateway.edges.objects import ObjectStore
from gateway.edges.vault import key_of
from gateway.edges.vault_folder import Folder
from tests.journey.site import OWN, Site, below_received, restricted, site
from tests.peers import wait_until
from tests.peers.azure import azure
from tests.peers.s3 import s3

pytestmark = pytest.mark.peer

DECIDES = ("--by", "A. Smith", "--why", "agreed with the owner")


@pytest.fixture(scope="module", params=["folder", "s3", "azure"])
def running(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "folder":
        with site(vault=('url = "var/vault"', 'quota = "50MB"')) as running:
            yield running
    elif request.param == "s3":
        with s3() as server, site(vault=(*server.settings("gateway"), 'quota = "50MB"')) as running:
            yield running
    else:
        with azure() as container, site(vault=(*container.settings("gateway"), 'quota = "50MB"')) as running:
            yield running


@pytest.fixture
def store(running: Site) -> Iterator[ObjectStore]:
    one = make_store(load(running.gateway.config))
    yield one
    one.close()


def keep(running: Site, number: int) -> tuple[str, str, bytes]:
    """A message that waits for a person: its case, its recipient, its octets."""
    sender, outsider = f"alex-{number}@{OWN}", f"kim-{number}@elsewhere.example"
    octets = restricted(sender, [outsider])
    running.send(sender, [outsider], octets)
    (case,) = running.gateway.cases(sender)
    return case, sender, octets


def test_keys_change_under_a_running_gateway_and_everything_kept_is_released_whole(running: Site) -> None:
    gateway = running.gateway
    keys = gateway.directory / "var" / "keys"
    before = [keep(running, number) for number in (1, 2)]

    assert "holds-2.key was made, and is used from now on" in gateway.run("keys", "rotate", "holds")
    after = keep(running, 3)
    assert re.search(r"^holds-1 .* opens what was sealed before, 0 objects", gateway.run("keys", "list", "--count"), re.MULTILINE)
    status, _, errors = gateway.command("keys", "rotate", "holds", "--retire")
    assert (status, "try again in 60 minutes" in errors) == (1, True)
    an_hour_ago = time.time() - 3601
    os.utime(keys / "holds-2.key", (an_hour_ago, an_hour_ago))
    said = gateway.run("keys", "rotate", "holds", "--retire")
    assert "holds-1 was deleted: nothing needs it" in said
    assert sorted(path.name for path in keys.glob("holds-*")) == ["holds-2.key"]

    wait_until(lambda: noted(running)[-1:] == [([], ["holds-1"])], "the audit has it that the old key is gone")
    assert (["holds-2"], []) in noted(running)
    assert gateway.command("audit", "verify")[0] == 0

    with running.hop("encrypted") as encrypted:
        for case, sender, octets in (*before, after):
            gateway.run("hold", "release", case, *DECIDES)
            (taken,) = encrypted.wait_from(sender)
            assert below_received(taken.octets) == octets
    assert gateway.command("keys", "rotate", "links")[0] == 1


def noted(running: Site) -> list[tuple[list[str], list[str]]]:
    """Of each change of the keys that the audit has: which came, which went."""
    events = [json.loads(line) for line in running.gateway.run("audit", "export").splitlines()]
    return [(event["new"], event["gone"]) for event in events if event["event"] == "keys.changed"]


def test_check_finds_what_was_changed_and_what_is_missing(running: Site, store: ObjectStore) -> None:
    gateway = running.gateway
    cases = {number: keep(running, number)[0] for number in (11, 12, 13)}
    assert gateway.command("vault", "check")[0] == 0
    objects = dict(gateway.rows("SELECT case_number, object_id FROM hold"))
    damaged, missing, whole = (objects[cases[number]] for number in (11, 12, 13))
    right = {name: store.read(key_of(name), 0, 10_000_000) for name in (damaged, missing)}
    store.delete(key_of(missing))
    store.replace(key_of(damaged), right[damaged][:-1] + bytes([right[damaged][-1] ^ 1]))
    try:
        status, said, _ = gateway.command("vault", "check")
        assert status == 1
        assert f"{damaged} (case {cases[11]}): the object was changed or is not whole\n" in said
        assert f"{missing} (case {cases[12]}): it is not in the vault\n" in said
        assert whole not in said
        assert gateway.command("vault", "check", whole) == (0, "1 object read, 0 wrong\n", "")
        assert gateway.command("vault", "check", damaged, whole)[0] == 1
    finally:
        for name, octets in right.items():
            store.replace(key_of(name), octets)


def test_sweep_deletes_only_what_is_old_and_not_needed(running: Site, store: ObjectStore) -> None:
    gateway = running.gateway
    keep(running, 21)
    stray = "holds/00/" + "0" * 32
    store.put(stray, iter((b"nobody knows this",)))

    assert "Nothing to sweep" in gateway.run("vault", "sweep")
    if isinstance(store, Folder):
        path = gateway.directory / "var" / "vault" / stray
        two_days_ago = time.time() - 172_800
        os.utime(path, (two_days_ago, two_days_ago))
        assert "Nobody needs 1 of " in gateway.run("vault", "sweep")
        assert path.exists()
        assert "1 of " in gateway.run("vault", "sweep", "--yes")
        assert not path.exists()
    else:
        store.delete(stray)


def test_doctor_tries_the_vault_and_says_how_full_it_is(running: Site) -> None:
    (line,) = [line for line in running.gateway.run("doctor", check=False).splitlines() if " vault: " in line]
    assert line.startswith("ok")
    assert re.search(r"an object was written, read and deleted; \d+\.\d of 50\.0 MB are used$", line)
