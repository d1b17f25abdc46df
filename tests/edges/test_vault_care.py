"""The vault as a whole: counted and limited, searched for orphans, looked through, wrapped by new master keys."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.app.vault_care import FEW, keep_swept
from gateway.edges.keys import Family, add_key, create_keys, load_keys, remove_key
from gateway.edges.objects import Entry
from gateway.edges.sealed import FRAME
from gateway.edges.spool import Spool
from gateway.edges.vault import Vault, key_of
from gateway.edges.vault_care import Survey, count_by_key, look_through, lost_without, renew, survey, sweep
from gateway.edges.vault_folder import Folder
from gateway.edges.vault_usage import Usage
from gateway.errors import TryLater, WillNotDo
from tests.peers import needs_root

pytestmark = pytest.mark.slow

PLAIN = os.urandom(400_000)
NOW = datetime.now(UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)


class House:
    """A vault in a folder, and what a test does beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = folder / "keys"
        create_keys(self.keys)
        self.spool = Spool(folder / "spool")
        self._open: list[Vault] = []
        self.vault = self.another()

    def another(self, quota: int | None = None, keys: Path | None = None) -> Vault:
        """The vault as another process has it."""
        store, usage = Folder(self.folder / "vault", reserve_octets=0), Usage(self.folder / "usage", quota)
        self._open.append(Vault(store, load_keys(keys or self.keys), self.spool, usage))
        return self._open[-1]

    def put(self, octets: bytes, purpose: str = "holds", vault: Vault | None = None) -> str:
        with closing(self.spool.content(octets)) as content:
            return asyncio.run((vault or self.vault).put(purpose, content))

    def get(self, object_id: str, vault: Vault | None = None) -> bytes:
        with closing(asyncio.run((vault or self.vault).get(object_id))) as content:
            return content.read(0, content.octets)

    def file(self, object_id: str) -> Path:
        return self.folder / "vault" / key_of(object_id)

    def files(self) -> list[Path]:
        return [path for path in (self.folder / "vault").rglob("*") if path.is_file()]

    def close(self) -> None:
        for vault in self._open:
            vault.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path)
    yield one
    one.close()


async def needs_nothing(_ids: tuple[str, ...]) -> frozenset[str]:
    return frozenset()


async def needs_all(ids: tuple[str, ...]) -> frozenset[str]:
    return frozenset(ids)


def nobody_watches(_done: int) -> None:
    pass


# --- counted and swept --------------------------------------------------------------------------------------------------


def test_orphans_are_old_and_nobody_needs_them(house: House):
    one, other, shared = (house.put(b"x", purpose) for purpose in ("holds", "notices", "shares"))
    remains = house.file(one).with_name(".new-" + "0" * 32)
    remains.write_bytes(b"half")
    asked: list[str] = []

    async def needs_the_first(ids: tuple[str, ...]) -> frozenset[str]:
        asked.extend(ids)
        return frozenset({one})

    early = asyncio.run(survey(house.vault, EARLIER, needs_nothing))
    assert (early.objects, early.orphans) == (3, [])
    assert remains.exists()
    late = asyncio.run(survey(house.vault, LATER, needs_the_first))
    assert not remains.exists()
    assert (late.objects, sorted(late.orphans), sorted(asked)) == (3, sorted([other, shared]), sorted([one, other, shared]))
    assert late.octets == sum(file.stat().st_size for file in house.files())
    asyncio.run(sweep(house.vault, late))
    assert house.files() == [house.file(one)]


class Needs:
    """The part of edges.state.State that a sweep asks."""

    def __init__(self, needed: set[str]) -> None:
        self._needed = needed

    async def in_use(self, ids: tuple[str, ...], _now: datetime) -> frozenset[str]:
        return frozenset(self._needed & set(ids))


def swept(house: House, needed: set[str]) -> Survey:
    return asyncio.run(keep_swept(house.vault, Needs(needed), NOW + timedelta(days=2)))  # type: ignore[arg-type]


def test_the_keeper_sweeps_nothing_where_most_would_go(house: House):
    """A database that was put back from long ago, or an empty one, must not empty the vault."""
    ids = {house.put(b"x") for _ in range(FEW + 5)}

    with pytest.raises(WillNotDo, match=f"^{FEW + 5} of {FEW + 5} objects .* so none is swept: .* outgate vault sweep --yes"):
        swept(house, set())

    assert len(house.files()) == FEW + 5
    needed = set(sorted(ids)[:20])
    assert swept(house, needed).objects == FEW + 5
    assert {file.name for file in house.files()} == {name.removeprefix("holds-") for name in needed}


def test_a_full_vault_takes_nothing_more_and_says_so_before(house: House):
    vault = house.another(quota=500_000)
    assert vault.usage is not None
    asyncio.run(vault.check())
    first = house.put(PLAIN[:300_000], vault=vault)
    assert vault.usage.used() == house.file(first).stat().st_size

    with pytest.raises(TryLater, match=r"the vault is full: .* raise \[vault\] quota") as late:
        house.put(PLAIN[:250_000], vault=vault)

    assert late.value.status == "4.3.1"
    assert house.files() == [house.file(first)]
    second = house.put(PLAIN[:199_500], "shares", vault)
    with pytest.raises(TryLater):
        house.put(PLAIN[:1000], vault=vault)
    for _ in range(2):
        asyncio.run(vault.delete(first))
    assert vault.usage.used() == house.file(second).stat().st_size
    house.put(PLAIN[:250_000], vault=vault)


def test_the_count_is_shared_by_processes_and_corrected_by_a_listing(house: House):
    vault, other = house.vault, house.another()
    assert vault.usage is not None
    assert other.usage is not None
    for each in (vault, other):
        house.put(PLAIN, vault=each)
    right = sum(file.stat().st_size for file in house.files())
    assert right == vault.usage.used() == other.usage.used()

    vault.usage.add(5_000_000)  # as if a process had died between deleting and counting
    asyncio.run(survey(vault, NOW, needs_nothing))

    assert other.usage.used() == right
    vault.usage.add(-10 * right)
    assert vault.usage.used() == 0


def test_where_there_is_no_quota_nothing_fails_because_nobody_can_count(house: House):
    (house.folder / "usage").mkdir()  # as good as a file of somebody else

    object_id = house.put(b"x")
    asyncio.run(house.vault.check())
    asyncio.run(house.vault.delete(object_id))

    with pytest.raises(TryLater, match="usage: Is a directory"):
        house.put(b"x", vault=house.another(quota=1000))


def test_many_who_ask_at_once_wait_for_one_check(house: House):
    class Counted(Folder):
        checks = 0

        def check(self) -> None:
            self.checks += 1
            super().check()

    store = Counted(house.folder / "vault", reserve_octets=0)
    vault = Vault(store, load_keys(house.keys), house.spool)

    async def all_at_once() -> None:
        await asyncio.gather(*(vault.check() for _ in range(20)))

    asyncio.run(all_at_once())
    assert store.checks == 1
    asyncio.run(vault.check())
    assert store.checks == 1, "it is still fresh"
    vault.close()


def test_looking_through_finds_what_was_damaged(house: House):
    ids = [house.put(PLAIN[: 100_000 * number], "shares") for number in range(4)]
    octets = bytearray(house.file(ids[2]).read_bytes())
    octets[-FRAME] ^= 1
    house.file(ids[2]).write_bytes(octets)
    stray = ids[1][:-1] + ("0" if ids[1][-1] != "0" else "1")
    house.file(stray).write_bytes(house.file(ids[1]).read_bytes())
    done: list[int] = []

    wrong = asyncio.run(look_through(house.vault, None, done.append))

    assert wrong == {ids[2]: "the object was changed or is not whole", stray: "the object is another than its name says"}
    assert sum(done) == 5
    assert asyncio.run(look_through(house.vault, ids[:2], nobody_watches)) == {}
    missing = "shares-" + "f" * 32
    assert asyncio.run(look_through(house.vault, [missing], nobody_watches)) == {missing: "there is no such object"}


@pytest.mark.parametrize("rotated", [False, True])
def test_what_is_deleted_while_all_is_looked_through_is_not_wrong(rotated: bool, house: House):
    """Found: a letter that went out between the listing and the reading was called damaged."""
    ids = [house.put(b"x", "notices") for _ in range(3)]
    if rotated:
        add_key(house.keys, "notices")
        asyncio.run(renew(house.another(), "notices", nobody_watches))
        remove_key(house.keys, "notices-1")

    class Busy(Folder):
        """Deletes each object that is listed, but for the first, before it is read."""

        def walk(self, prefix: str) -> Iterator[Entry]:
            for entry in [*super().walk(prefix)]:
                if entry.key != key_of(ids[0]):
                    self.delete(entry.key)
                yield entry

    vault = Vault(Busy(house.folder / "vault", reserve_octets=0), load_keys(house.keys), house.spool)
    house.file(ids[0]).write_bytes(b"")  # there, and empty

    assert set(asyncio.run(look_through(vault, None, nobody_watches))) == {ids[0]}
    assert asyncio.run(look_through(vault, ids[1:], nobody_watches)) == dict.fromkeys(ids[1:], "there is no such object")
    vault.close()


# --- a new master key ---------------------------------------------------------------------------------------------------


def test_what_an_old_key_has_wrapped_is_wrapped_anew_and_can_be_read_at_every_moment(house: House):
    plain = {house.put(piece): piece for piece in (b"", b"x", PLAIN)}

    def readable(vault: Vault = house.vault) -> None:
        assert {object_id: house.get(object_id, vault) for object_id in plain} == plain

    def by_key() -> dict[str, int]:
        return asyncio.run(count_by_key(house.vault, "holds"))

    before = {file: file.read_bytes() for file in house.files()}
    assert add_key(house.keys, "holds") == "holds-2"
    newest = load_keys(house.keys)["holds"].keys["holds-2"]
    alone = Family("holds-2", {"holds-2": newest})
    assert len(asyncio.run(lost_without(house.vault, alone, "holds", nobody_watches))) == 3
    plain[house.put(b"later")] = b"later"  # by the new key, without a restart
    assert by_key() == {"holds-1": 3, "holds-2": 1}
    assert house.vault.wraps.renew(key_of(next(iter(plain))))  # and there it was stopped
    assert by_key() == {"holds-1": 2, "holds-2": 2}
    readable()
    assert asyncio.run(renew(house.vault, "holds", nobody_watches)) == (2, [])
    assert asyncio.run(renew(house.vault, "holds", nobody_watches)) == (0, [])
    assert by_key() == {"holds-2": 4}
    assert {file: file.read_bytes() for file in before} == before, "the objects themselves are not touched"
    assert asyncio.run(lost_without(house.vault, alone, "holds", nobody_watches)) == []
    readable()
    remove_key(house.keys, "holds-1")
    readable()
    readable(house.another())
    add_key(house.keys, "holds")
    assert asyncio.run(renew(house.vault, "holds", nobody_watches)) == (4, [])
    remove_key(house.keys, "holds-2")
    readable()
    for object_id in plain:
        asyncio.run(house.vault.delete(object_id))
    assert house.files() == [], "nothing stands beside what is gone"


def test_without_its_old_key_an_object_says_which_key_is_missing(house: House):
    object_id = house.put(b"x")
    add_key(house.keys, "holds")
    remove_key(house.keys, "holds-1")

    with pytest.raises(WillNotDo, match="holds-1"):
        house.get(object_id)


def test_a_wrap_that_was_exchanged_or_changed_opens_nothing(house: House):
    one, other = house.put(b"one"), house.put(b"other")
    add_key(house.keys, "holds")
    asyncio.run(renew(house.vault, "holds", nobody_watches))
    remove_key(house.keys, "holds-1")
    beside, stranger = (house.folder / "vault" / "wraps" / key_of(name) for name in (one, other))
    right = beside.read_bytes()

    for wrong in (stranger.read_bytes(), right[:-1] + bytes([right[-1] ^ 1]), right[:-1], b""):
        beside.write_bytes(wrong)
        with pytest.raises(WillNotDo):
            house.get(one)
    beside.write_bytes(right)
    assert house.get(one) == b"one"


def test_a_key_that_was_made_on_another_machine_is_waited_for(house: House):
    elsewhere = house.folder / "elsewhere"
    shutil.copytree(house.keys, elsewhere)
    add_key(elsewhere, "holds")
    object_id = house.put(b"x", vault=house.another(keys=elsewhere))

    with pytest.raises(TryLater, match=r"holds-2 .* made on another machine; copy it"):
        house.get(object_id)

    shutil.copy(elsewhere / "holds-2.key", house.keys)
    assert house.get(object_id) == b"x"


def test_damaged_objects_are_named_and_stop_nothing_else(house: House):
    one, other = house.put(b"one"), house.put(b"other")
    house.file(other).write_bytes(house.file(other).read_bytes()[:20])
    add_key(house.keys, "holds")

    assert asyncio.run(renew(house.vault, "holds", nobody_watches)) == (1, [other])

    remove_key(house.keys, "holds-1")
    assert house.get(one) == b"one"


def test_wraps_of_objects_that_are_gone_are_swept(house: House):
    one, other = house.put(b"one"), house.put(b"other")
    add_key(house.keys, "holds")
    asyncio.run(renew(house.vault, "holds", nobody_watches))
    house.file(one).unlink()  # a process died between the object and what stands beside it

    found = asyncio.run(survey(house.vault, LATER, needs_all))
    assert (found.orphans, found.wraps) == ([], [key_of(one)])
    asyncio.run(sweep(house.vault, found))

    assert sorted(house.files()) == sorted([house.file(other), house.folder / "vault" / "wraps" / key_of(other)])


def test_a_key_that_is_just_being_copied_changes_nothing(house: House):
    object_id = house.put(b"x")
    half = house.keys / "holds-2.key"
    half.write_text("ab")
    half.chmod(0o600)

    assert house.get(object_id) == b"x"
    house.get(house.put(b"y"))
    half.write_text("ab" * 32)
    house.put(b"z")
    assert asyncio.run(count_by_key(house.vault, "holds")) == {"holds-1": 2, "holds-2": 1}


# --- killed, and full ---------------------------------------------------------------------------------------------------

PUT = """
import asyncio, sys
from pathlib import Path
from tests.edges.test_vault_care import House

class Half:
    octets = 3_000_000

    def read(self, start, end):
        if start > 1_500_000:
            print("half", flush=True)
            sys.stdin.read()
        return bytes(end - start)

asyncio.run(House(Path(sys.argv[1])).vault.put("holds", Half()))
"""

RENEW = """
import asyncio, sys
from pathlib import Path
from gateway.edges.vault_care import renew
from tests.edges.test_vault_care import House

def said(done):
    print("some", flush=True)
    sys.stdin.read(1)

asyncio.run(renew(House(Path(sys.argv[1])).vault, "holds", said))
"""


def killed(program: str, house: House, after: int = 1) -> None:
    """Run it until it has said so many lines, then end it as a power cut would."""
    command = (sys.executable, "-c", program, str(house.folder))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in range(after):
            assert process.stdout.readline()
            if line < after - 1:
                process.stdin.write(b".")
                process.stdin.flush()
        process.kill()


def test_a_process_that_is_killed_while_it_puts_leaves_no_object_and_its_remains_are_swept(house: House):
    killed(PUT, house)
    (remains,) = house.files()
    assert remains.name.startswith(".new-")

    assert asyncio.run(survey(house.vault, EARLIER, needs_nothing)).objects == 0
    assert house.files() == [remains], "it may still be written"
    assert asyncio.run(survey(house.vault, datetime.now(UTC) + timedelta(seconds=1), needs_nothing)).objects == 0
    assert house.files() == []


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_process_that_is_killed_while_it_wraps_anew_has_lost_nothing_and_another_goes_on(house: House, after: int):
    plain = {house.put(bytes([number]) * 100): bytes([number]) * 100 for number in range(20)}
    add_key(house.keys, "holds")

    killed(RENEW, house, after)

    assert {object_id: house.get(object_id) for object_id in plain} == plain
    renewed, damaged = asyncio.run(renew(house.vault, "holds", nobody_watches))
    assert (renewed < 20, damaged) == (True, [])
    remove_key(house.keys, "holds-1")
    assert {object_id: house.get(object_id) for object_id in plain} == plain


@needs_root
def test_a_disk_that_fills_up_in_the_middle_keeps_what_it_has_and_takes_nothing_half(house: House):
    place = house.folder / "vault"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "outgate-test", place], check=True)
    try:
        first = house.put(PLAIN)
        with pytest.raises(TryLater) as late:
            house.put(PLAIN * 2)
        assert late.value.status == "4.3.1"
        assert house.files() == [house.file(first)]
        assert house.get(first) == PLAIN
        house.put(PLAIN[:300_000])
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
