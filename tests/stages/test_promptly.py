"""The thread of an event loop asks for a short slice of processor time; nobody else gets one by it."""

import ctypes
import os
import platform
import struct
import threading

import pytest

from gateway.app.promptly import come_promptly

LINUX = tuple(int(number) for number in platform.release().split(".")[:2])
_GETATTR = {"x86_64": 315, "aarch64": 275}


def slice_of_this_thread() -> int:
    """Nanoseconds, as sched_getattr(2) says."""
    attributes = ctypes.create_string_buffer(48)
    assert ctypes.CDLL(None).syscall(_GETATTR[platform.machine()], 0, attributes, 48, 0) == 0
    return int(struct.unpack("<IIQiIQQQ", attributes.raw)[5])


def in_a_thread(story) -> None:
    """What a thread is given ends with it."""
    done = []
    thread = threading.Thread(target=lambda: done.append(story()))
    thread.start()
    thread.join()
    assert done


@pytest.mark.skipif(LINUX < (6, 12) or platform.machine() not in _GETATTR, reason="before Linux 6.12 slices cannot be asked for")
def test_the_slice_is_short_and_not_inherited() -> None:
    def story() -> bool:
        usual, nice = slice_of_this_thread(), os.getpriority(os.PRIO_PROCESS, 0)
        assert come_promptly()
        assert slice_of_this_thread() == 100_000 < usual
        assert os.getpriority(os.PRIO_PROCESS, 0) == nice
        in_a_thread(lambda: slice_of_this_thread() == usual or pytest.fail("a later thread has it too"))
        return True

    in_a_thread(story)


def test_where_it_cannot_be_had_nothing_happens() -> None:
    assert come_promptly("sparc64") is False
