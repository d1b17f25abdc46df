"""Points for messages that were being read when a process died: they outlive it, and nobody else's are lost."""

import os
import signal
import subprocess
import sys

import pytest

from gateway.edges.suspects import MARKS, POINTED, Suspects, shared_memory

A, B, C = (bytes([letter]) * 32 for letter in b"abc")


@pytest.fixture
def memory():
    """Two processes' views, and the supervisor's."""
    descriptor = shared_memory(3)
    views = [Suspects(os.dup(descriptor), number) for number in range(3)]
    yield views
    for view in views:
        view.close()
    os.close(descriptor)


def test_what_was_being_read_gets_a_point_and_what_was_read_does_not(memory):
    supervisor, one, other = memory
    done = one.begin(A)
    one.begin(B)
    one.begin(B)  # the same message twice at once: one death, one point
    other.begin(C)
    one.end(done)

    assert supervisor.bury(1) == 1
    assert [other.points(name) for name in (A, B, C)] == [0, 1, 0]
    assert supervisor.bury(1) == 0  # a process begins with nothing
    assert other.points(B) == 1


def test_points_add_up_and_are_taken_away_by_a_success(memory):
    supervisor, one, other = memory
    for _ in range(2):
        one.begin(A)
        supervisor.bury(1)
        one = Suspects(os.dup(one._descriptor), 1)
    other.blame(A)
    other.blame(B)
    assert (one.points(A), one.points(B)) == (3, 1)

    one.clear(B, C)
    assert (supervisor.points(A), supervisor.points(B)) == (3, 0)
    one.clear(A)
    assert one.points(A) == 0
    other.blame(A)
    assert one.points(A) == 1
    one.close()


def test_more_than_fits_is_not_noted_and_the_oldest_points_are_forgotten(memory):
    supervisor, one, _ = memory
    names = [number.to_bytes(32, "big") for number in range(1, POINTED + 2)]
    marks = [one.begin(name) for name in names[: MARKS + 1]]
    assert marks[-1] == -1
    one.end(-1)
    assert supervisor.bury(1) == MARKS

    for name in names:
        one.clear(name)
        one.blame(name)
    assert one.points(names[0]) == 0
    assert one.points(names[-1]) == one.points(names[1]) == 1


def test_a_name_across_two_rows_is_not_taken_for_one(memory):
    """The count of one row and the beginning of the next can look like a name."""
    supervisor, one, _ = memory
    one.blame(bytes(28) + b"wxyz")
    one.blame(b"k" * 32)

    row_end = b"wxyz" + (1).to_bytes(4, sys.byteorder) + b"k" * 24
    assert supervisor.points(row_end) == 0


DYING = """
import os, signal, sys
from gateway.edges.suspects import Suspects
suspects = Suspects(int(sys.argv[1]), 1)
suspects.begin(b"a" * 32)
suspects.end(suspects.begin(b"b" * 32))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_they_outlive_a_killed_process(memory):
    supervisor, _, other = memory
    done = subprocess.run([sys.executable, "-c", DYING, str(supervisor._descriptor)], pass_fds=[supervisor._descriptor], check=False)

    assert done.returncode == -signal.SIGKILL
    assert supervisor.bury(1) == 1
    assert (other.points(A), other.points(B)) == (1, 0)


BLAMING = """
import sys
from gateway.edges.suspects import Suspects
suspects = Suspects(int(sys.argv[1]), 1)
for number in range(500):
    suspects.blame(b"a" * 32)
    suspects.blame((int(sys.argv[2]) * 1000 + number).to_bytes(32, "big"))
"""


def test_no_point_is_lost_when_two_give_them_at_once(memory):
    supervisor = memory[0]
    number = supervisor._descriptor
    processes = [subprocess.Popen([sys.executable, "-c", BLAMING, str(number), str(one)], pass_fds=[number]) for one in (1, 2)]

    assert [process.wait(60) for process in processes] == [0, 0]
    assert supervisor.points(A) == 1000
    assert supervisor.points((1499).to_bytes(32, "big")) == 1
