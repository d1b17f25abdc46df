"""A bell wakes who waits for it, and never harms who rings."""

import asyncio
import time
from pathlib import Path

from gateway.edges.bell import Bell
from tests.peers import folder


def waited(bell: Bell, ring_at: str, seconds: float) -> float:
    """How long somebody waits who would wait so long, when it rings `before` they wait, `meanwhile`, or never."""

    async def story() -> float:
        ears = bell.hear()
        try:
            if ring_at == "before":
                bell.ring()
                bell.ring()
            elif ring_at == "meanwhile":
                asyncio.get_running_loop().call_later(0.01, bell.ring)
            started = time.monotonic()
            await ears.wait(seconds)
            return time.monotonic() - started
        finally:
            ears.close()

    return asyncio.run(story())


def test_who_waits_is_woken_and_what_has_rung_before_counts():
    with folder("bell") as path:
        assert waited(Bell(path), "before", 60) < 30
        assert waited(Bell(path), "meanwhile", 60) < 30
        assert waited(Bell(path), "never", 0.02) >= 0.02


def test_nobody_need_listen_and_a_listener_that_was_killed_is_no_obstacle():
    with folder("bell") as path:
        Bell(path).ring()
        (path / "bell").write_text("what a killed keeper left")
        Bell(path).ring()
        assert waited(Bell(path), "meanwhile", 60) < 30


def test_where_no_socket_can_be_it_only_waits(tmp_path: Path):
    far = tmp_path / ("x" * 120)
    far.mkdir()

    Bell(far).ring()

    assert waited(Bell(far), "before", 0.02) >= 0.02
