"""What the vault has said it keeps is kept, and comes back as it was or not at all."""

import asyncio
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gateway.edges import sealed
from gateway.edges.keys import Family, create_keys, load_keys
from gateway.edges.sealed import FRAME, TAG, read_header, seal, unlock
from gateway.edges.spool import Spool
from gateway.edges.vault import Vault
from gateway.edges.vault_folder import Folder
from gateway.errors import TryLater, WillNotDo
from gateway.ports.vault import Opened
from tests.laws import tries

FAMILY = Family("holds-2", {"holds-1": b"1" * 32, "holds-2": b"2" * 32})
ID = bytes(range(16))


# --- one object -------------------------------------------------------------------------------------------------------


def sealed_object(plain: bytes, family: Family = FAMILY, object_id: bytes = ID) -> bytes:
    return b"".join(seal([plain], "holds", object_id, family))


def opened(octets: bytes, family: Family = FAMILY, size: int = 10_000) -> bytes:
    header, at = read_header(octets)
    return b"".join(unlock(header, family).unseal(octets[start : start + size] for start in range(at, len(octets), size)))


sizes = st.sampled_from([0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 5]) | st.integers(0, 4 * FRAME)


@given(st.lists(st.binary(max_size=50), max_size=5), sizes, st.integers(1000, 3 * FRAME))
def test_an_object_comes_back_whatever_the_pieces(pieces: list[bytes], size: int, piece: int):
    filler = b"x" * size
    plain = b"".join(pieces) + filler

    octets = b"".join(seal([*pieces, filler], "holds", ID, FAMILY))

    assert opened(octets, size=piece) == plain
    assert len(plain) < 64 or plain not in octets


@given(st.data())
@tries(200)
def test_an_object_that_was_touched_does_not_open(data: st.DataObject):
    plain = data.draw(st.sampled_from([b"", b"short", b"a" * FRAME, b"b" * (2 * FRAME + 100)]))
    octets = sealed_object(plain)
    touched = data.draw(tamperings(octets))

    if touched != octets:
        with pytest.raises(WillNotDo):
            opened(touched)


@st.composite
def tamperings(draw: Callable, octets: bytes) -> bytes:
    _, at = read_header(octets)
    frames = [octets[start : start + FRAME + TAG] for start in range(at, len(octets), FRAME + TAG)]
    match draw(st.sampled_from(["flip", "cut", "append", "swap", "drop", "repeat", "foreign"])):
        case "flip":
            where = draw(st.integers(0, len(octets) - 1) | st.integers(0, at - 1))
            return octets[:where] + bytes([octets[where] ^ (1 << draw(st.integers(0, 7)))]) + octets[where + 1 :]
        case "cut":
            return octets[: draw(st.integers(0, len(octets) - 1) | st.just(max(at, len(octets) - len(frames[-1]))))]
        case "append":
            return octets + draw(st.binary(min_size=1, max_size=40) | st.just(frames[-1]))
        case "swap":
            frames[0], frames[-1] = frames[-1], frames[0]
        case "drop":
            del frames[draw(st.integers(0, len(frames) - 1))]
        case "repeat":
            frames.insert(draw(st.integers(0, len(frames))), frames[0])
        case "foreign":
            other = sealed_object(b"c" * (2 * FRAME + 100), object_id=bytes(16))
            return octets[:at] + other[read_header(other)[1] :]
    return octets[:at] + b"".join(frames)


def test_a_header_of_another_object_or_a_lost_key_does_not_open():
    one, other = sealed_object(b"one"), sealed_object(b"other", object_id=bytes(16))
    _, at = read_header(one)
    with pytest.raises(WillNotDo):
        opened(other[: read_header(other)[1]] + one[at:])
    with pytest.raises(WillNotDo, match="holds-2"):
        opened(one, Family("holds-1", {"holds-1": b"1" * 32}))
    with pytest.raises(WillNotDo):
        opened(one, Family("holds-2", {"holds-2": b"3" * 32}))


def test_every_object_has_its_own_key_and_nonces():
    assert sealed_object(b"same") != sealed_object(b"same")
    header, _ = read_header(sealed_object(b"same"))
    assert (header.purpose, header.id, header.key_id) == ("holds", ID, "holds-2")
    assert len(sealed_object(b"")) <= sealed.LONGEST_HEADER + TAG


# --- the folder -------------------------------------------------------------------------------------------------------


def make(tmp_path: Path, **options: int) -> tuple[Vault, Spool]:
    create_keys(tmp_path / "keys")
    spool = Spool(tmp_path / "spool")
    folder = Folder(tmp_path / "vault" / "deep", **{"reserve_octets": 0, **options})
    return Vault(folder, load_keys(tmp_path / "keys"), spool), spool


@pytest.mark.parametrize("octets", [0, 10, 3 * 1024 * 1024 + 7])
def test_content_comes_back_with_its_head(tmp_path: Path, octets: int):
    vault, spool = make(tmp_path)
    body = (b"0123456789abcdef\r\n" * (octets // 18 + 1))[:octets]

    async def story() -> bytes:
        with closing(spool.content(body)) as whole:
            object_id = await vault.put("holds", whole, b"Received: x\r\n")
        assert object_id.startswith("holds-")
        with closing(await vault.get(object_id)) as content:
            return content.read(0, content.octets)

    assert asyncio.run(story()) == b"Received: x\r\n" + body
    vault.close()
    files = [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]
    assert b"Received" not in files[0].read_bytes()


def test_what_is_not_there_or_is_another_is_never_given(tmp_path: Path):
    vault, spool = make(tmp_path)

    async def story() -> None:
        one, other = [await vault.put("holds", spool.content(name)) for name in (b"one", b"other")]
        paths = {name: next((tmp_path / "vault").rglob(name.removeprefix("holds-"))) for name in (one, other)}
        paths[one].write_bytes(paths[other].read_bytes())
        for name in (one, "holds-" + "0" * 32, "notices-" + other.removeprefix("holds-")):
            with pytest.raises(WillNotDo):
                await vault.get(name)
        for name in ("../../etc/passwd", "holds-../x", "holds-" + "g" * 32, ""):
            with pytest.raises(WillNotDo, match="no id"):
                await vault.get(name)
        with pytest.raises(WillNotDo, match="no key"):
            await vault.put("unheard-of", spool.content(b""))
        await vault.delete(other)
        await vault.delete(other)
        with pytest.raises(WillNotDo):
            await vault.get(other)

    asyncio.run(story())
    vault.close()


def test_a_new_master_key_wraps_and_the_old_one_still_opens(tmp_path: Path):
    vault, spool = make(tmp_path)
    before = asyncio.run(vault.put("holds", spool.content(b"before")))
    vault.close()
    new = tmp_path / "keys" / "holds-2.key"
    new.write_text("ab" * 32)
    new.chmod(0o600)
    vault, _ = make(tmp_path)

    async def story() -> None:
        after = await vault.put("holds", spool.content(b"after"))
        for name, expected in ((before, b"before"), (after, b"after")):
            with closing(await vault.get(name)) as content:
                assert content.read(0, content.octets) == expected
        octets = next((tmp_path / "vault").rglob(after.removeprefix("holds-"))).read_bytes()
        assert read_header(octets)[0].key_id == "holds-2"

    asyncio.run(story())
    vault.close()


def test_a_disk_that_fails_is_a_temporary_failure_and_leaves_nothing_behind(tmp_path: Path):
    vault, spool = make(tmp_path)

    class Torn:
        """A content whose spool fails in the middle, as a full or broken disk does."""

        octets = 10 * FRAME

        def read(self, start: int, _end: int) -> bytes:
            if start > 0:
                raise OSError(28, "No space left on device")
            return b"x" * FRAME

    async def story() -> None:
        await vault.put("holds", spool.content(b"fine"))
        with pytest.raises(TryLater) as late:
            await vault.put("holds", Torn())  # type: ignore[arg-type]
        assert late.value.status == "4.3.1"

    asyncio.run(story())
    vault.close()
    assert len([path for path in (tmp_path / "vault").rglob("*") if path.is_file()]) == 1


def test_the_check_sees_a_full_disk_and_a_folder_that_cannot_be(tmp_path: Path):
    vault, _ = make(tmp_path)
    asyncio.run(vault.check())
    vault.close()
    full, _ = make(tmp_path, reserve_octets=2**62)
    with pytest.raises(TryLater) as late:
        asyncio.run(full.check())
    assert late.value.status == "4.3.1"
    full.close()
    (tmp_path / "file").write_text("")
    broken = Vault(Folder(tmp_path / "file" / "vault"), load_keys(tmp_path / "keys"), Spool(tmp_path / "spool"))
    with pytest.raises(TryLater):
        asyncio.run(broken.check())
    broken.close()


# --- read in parts ----------------------------------------------------------------------------------------------------

SIZES = [0, 1, FRAME - 1, FRAME, FRAME + 1, 5 * FRAME, 9 * FRAME + 77]
PLAIN = bytes(range(256)) * (10 * FRAME // 256)


async def collected(opened: Opened, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in opened.pieces(start, end)])


def file_of(tmp_path: Path, object_id: str) -> Path:
    return next((tmp_path / "vault").rglob(object_id.rpartition("-")[2]))


@pytest.mark.parametrize("octets", SIZES)
def test_any_part_of_an_object_can_be_read_alone(tmp_path: Path, octets: int):
    vault, spool = make(tmp_path)
    edges = sorted({at for frame in range(0, octets + FRAME, FRAME) for at in (frame - 1, frame, frame + 1) if 0 <= at <= octets})

    async def story() -> None:
        opened = await vault.open(await vault.put("shares", spool.content(PLAIN[:octets])))
        assert opened.octets == octets
        assert await collected(opened) == PLAIN[:octets]
        for start in edges:
            for end in edges:
                assert await collected(opened, start, end) == PLAIN[start:end], (start, end)
        assert await collected(opened, 0, octets + 5) == PLAIN[:octets]
        assert [len(piece) for piece in [piece async for piece in opened.pieces()] if len(piece) > 4 * FRAME] == []

    asyncio.run(story())
    vault.close()


def test_only_the_frames_that_are_asked_for_are_read(tmp_path: Path):
    """The frame next to them may be broken; the part is served all the same, and the broken one never."""
    vault, spool = make(tmp_path)

    async def story() -> None:
        object_id = await vault.put("shares", spool.content(PLAIN))
        octets = bytearray(file_of(tmp_path, object_id).read_bytes())
        _, at = read_header(bytes(octets))
        octets[at + 3 * (FRAME + TAG) + 100] ^= 1
        file_of(tmp_path, object_id).write_bytes(octets)
        opened = await vault.open(object_id)
        assert await collected(opened, 0, 3 * FRAME) == PLAIN[: 3 * FRAME]
        assert await collected(opened, 4 * FRAME) == PLAIN[4 * FRAME :]
        for start, end in ((0, None), (3 * FRAME, 3 * FRAME + 1), (4 * FRAME - 1, 4 * FRAME + 1)):
            with pytest.raises(WillNotDo, match="changed"):
                await collected(opened, start, end)

    asyncio.run(story())
    vault.close()


@pytest.mark.parametrize("plain", [b"", b"short", b"a" * FRAME, b"b" * (3 * FRAME), b"c" * (3 * FRAME + 100)], ids=len)
def test_what_was_touched_is_not_served_in_parts_either(tmp_path: Path, plain: bytes):
    """Cut off at every place of interest, made longer, frames exchanged, or another object altogether."""
    vault, spool = make(tmp_path)

    async def story() -> None:
        object_id = await vault.put("shares", spool.content(plain))
        other = file_of(tmp_path, await vault.put("shares", spool.content(plain))).read_bytes()
        octets = file_of(tmp_path, object_id).read_bytes()
        _, at = read_header(octets)
        frames = [octets[start : start + FRAME + TAG] for start in range(at, len(octets), FRAME + TAG)]
        touched = [other, octets[:at] + other[at:], octets + b"x", octets + frames[-1], octets[:-1], octets[:-TAG], octets[:at], b""]
        touched += [octets[:at] + b"".join(frames[:number]) for number in range(len(frames))]  # cut between two frames
        touched += [octets[:at] + b"".join([*frames[1:], frames[0]])] if len(frames) > 1 else []
        for version in touched:
            file_of(tmp_path, object_id).write_bytes(version)
            with pytest.raises(WillNotDo):
                await vault.open(object_id)
        for version in [octets[:at] + b"".join([frames[1], frames[0], *frames[2:]])] if len(frames) > 2 else []:
            file_of(tmp_path, object_id).write_bytes(version)
            opened = await vault.open(object_id)
            with pytest.raises(WillNotDo):
                await anext(opened.pieces())
        file_of(tmp_path, object_id).write_bytes(octets)
        assert await collected(await vault.open(object_id)) == plain

    asyncio.run(story())
    vault.close()


def test_a_vault_that_is_gone_in_the_middle_is_a_temporary_failure(tmp_path: Path):
    """Not so an object that was deleted: nobody will ever read it again."""
    vault, spool = make(tmp_path)
    place = tmp_path / "vault" / "deep"

    async def story() -> None:
        object_id = await vault.put("shares", spool.content(PLAIN))
        opened = await vault.open(object_id)
        reading = opened.pieces()
        piece = await anext(reading)
        assert piece
        assert PLAIN.startswith(piece)
        place.rename(tmp_path / "away")
        with pytest.raises(TryLater):
            await anext(reading)
        place.mkdir()  # where nothing is mounted there is an empty folder
        for reads in (vault.open(object_id), vault.get(object_id), collected(opened)):
            with pytest.raises(TryLater):
                await reads
        place.rmdir()
        (tmp_path / "away").rename(place)
        assert await collected(opened, 4 * FRAME) == PLAIN[4 * FRAME :]
        await vault.delete(object_id)
        for reads in (vault.open(object_id), collected(opened)):
            with pytest.raises(WillNotDo, match="no such object"):
                await reads

    asyncio.run(story())
    vault.close()


def test_an_object_that_another_process_sealed_by_a_newer_key_is_read(tmp_path: Path):
    vault, spool = make(tmp_path)
    key = tmp_path / "keys" / "shares-2.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    newer, _ = make(tmp_path)

    async def story() -> None:
        object_id = await newer.put("shares", spool.content(PLAIN))
        assert await collected(await vault.open(object_id)) == PLAIN

    asyncio.run(story())
    vault.close()
    newer.close()


# --- keys -------------------------------------------------------------------------------------------------------------


def test_keys_are_made_once_and_are_private(tmp_path: Path):
    made = create_keys(tmp_path / "keys")
    first = {path.name: path.read_text() for path in (tmp_path / "keys").iterdir()}

    assert {"holds-1.key", "links-1.key", "notices-1.key", "records-1.key", "shares-1.key"} <= set(made) == set(first)
    assert create_keys(tmp_path / "keys") == ()
    assert first == {path.name: path.read_text() for path in (tmp_path / "keys").iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert len(set(first.values())) == len(first)
    assert "1" * 8 not in repr(FAMILY)


@tries(100, suppress=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [("holds-1.key", "ab" * 32, 0o640), ("holds-1.key", "ab" * 31, 0o600), ("holds-1.key", "", 0o600), ("readme", "x", 0o600)]
    )
)
def test_keys_that_others_may_read_or_that_are_none_are_refused(tmp_path: Path, file: tuple[str, str, int]):
    for path in tmp_path.iterdir():
        path.unlink()
    name, text, mode = file
    (tmp_path / name).write_text(text)
    (tmp_path / name).chmod(mode)

    with pytest.raises(WillNotDo):
        load_keys(tmp_path)
