"""Every plausible reading of a message, and what they show beside the main one (DESIGN section 1.7). Pure.

A reading is one way through the questions about which readers of MIME differ (mime/ways.py), taken everywhere alike. From the main one on,
each question that comes up is answered in each way, alone and together with the others, up to 16 readings; more, and more than an
allowance of octets, are too many. What counts is the union: every leaf that stands in another place, or is decoded or typed in another
way, is one more part to examine. So the strictest evidence wins whatever the recipient's program does.
Attached messages are read in all ways where files are read, with the same code.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from gateway.mime.ranges import Index, Node
from gateway.mime.roles import find_roles
from gateway.mime.ways import FURTHER_TIMES, OCTETS, Choice, Spent
from gateway.model.message import Buffer, Defect, DefectName, Encoding, Role

READINGS = 16
LEAVES = 1000  # that other readings may add; more are too many readings

_NAMES = {
    Choice.BOUNDARY: DefectName.ODD_BOUNDARY,
    Choice.DELIMITER: DefectName.ODD_DELIMITER,
    Choice.CLOSE: DefectName.PART_OUTSIDE,
    Choice.NESTING: DefectName.NESTED_BOUNDARY,
}  # of the other choices the index itself says what is odd
_CARRIED = frozenset(
    {DefectName.HEADER_TOO_LARGE, DefectName.TOO_MANY_PARTS, DefectName.TOO_DEEP, DefectName.TOO_MANY_READINGS}
    | {DefectName.MESSAGE_PARTIAL, DefectName.EXTERNAL_BODY, DefectName.ENCODED_COMPOSITE, DefectName.ODD_NAME, DefectName.NAMES_DISAGREE}
)

Leaf = tuple[Node, Role]
Way = Mapping[Choice, int]


class Readings:
    """What the other readings of a message show: `leaves`, each once, and what is odd about them."""

    __slots__ = ("_buffer", "_known", "_main_files", "defects", "leaves")

    def __init__(self, buffer: Buffer, main: Index, roles: Iterable[Role]) -> None:
        self._buffer = buffer
        self.leaves: list[Leaf] = []
        self.defects: list[Defect] = []
        own = list(_outermost(zip(main.nodes, roles, strict=True)))
        self._known = {_key(leaf) for leaf in own}
        self._main_files = _files(own)
        self._beside(main)
        if main.asked:
            self._explore(main)

    def _explore(self, main: Index) -> None:
        """Breadth first: what one difference alone shows comes before what two show together."""
        left = OCTETS + FURTHER_TIMES * len(self._buffer)
        seen: set[frozenset[tuple[Choice, int]]] = {frozenset()}
        waiting = deque(_further({}, main, seen))
        done = 1
        while waiting:
            if done >= READINGS or len(self.leaves) > LEAVES:
                self.defects.append(Defect(DefectName.TOO_MANY_READINGS))
                return
            way = waiting.popleft()
            done += 1
            try:
                index = Index(self._buffer, way, left)
            except Spent:
                self.defects.append(Defect(DefectName.TOO_MANY_READINGS))
                return
            left = index.left
            self._take(way, index)
            waiting.extend(_further(way, index, seen))

    def _take(self, way: Way, index: Index) -> None:
        """The leaves of one reading; where they are none but known ones, readers do not differ after all."""
        found = list(_outermost(zip(index.nodes, find_roles(self._buffer, index.nodes), strict=True)))
        new = [leaf for leaf in found if self._is_new(leaf)]
        self._beside(index)
        if not new:
            return
        self.leaves.extend(new)
        self.defects.extend(Defect(_NAMES[choice]) for choice in way if choice in _NAMES)
        self.defects.extend(Defect(defect.name) for defect in index.defects if defect.name in _CARRIED)
        if _files(found) != self._main_files:
            self.defects.append(Defect(DefectName.READINGS_DISAGREE))

    def _beside(self, index: Index) -> None:
        """What stands outside of the parts, or is read in a second way."""
        if not index.beside:
            return
        for leaf in _outermost(zip(index.beside, find_roles(self._buffer, index.beside), strict=True)):
            is_new = self._is_new(leaf)
            if is_new:
                self.leaves.append(leaf)
            # An attached message that must not be encoded, and is, has a defect of its own, and is common.
            if leaf[1] is Role.FILE and not leaf[0].declared.is_message and (is_new or leaf[0].declared.encoding is Encoding.UNKNOWN):
                self.defects.append(Defect(DefectName.READINGS_DISAGREE))

    def _is_new(self, leaf: Leaf) -> bool:
        """Whether nobody has come upon this leaf before; from now on somebody has."""
        key = _key(leaf)
        if key in self._known or not leaf[0].body:
            return False
        self._known.add(key)
        return True


def _further(way: Way, index: Index, seen: set[frozenset[tuple[Choice, int]]]) -> Iterator[Way]:
    """The ways that differ from this one in one of the questions that came up on it."""
    for choice, options in sorted(index.asked.items(), key=lambda item: item[0].value):
        for taken in sorted(options):
            further = {**way, choice: taken}
            key = frozenset((choice, number) for choice, number in further.items() if number)
            if key not in seen:
                seen.add(key)
                yield dict(sorted(further.items(), key=lambda item: item[0].value))


def _outermost(leaves: Iterable[Leaf]) -> Iterator[Leaf]:
    """Leaves that are in no file."""
    files: set[str] = set()  # and what is inside them
    for node, role in leaves:  # containers come first
        if node.parent in files:
            files.add(node.id)
            continue
        if role is Role.FILE:
            files.add(node.id)
        if role is not Role.CONTAINER:
            yield node, role


def _key(leaf: Leaf) -> tuple[object, ...]:
    """Two leaves with the same key would be examined alike."""
    node, role = leaf
    declared = node.declared
    return node.body, declared.encoding, declared.media_type, declared.charset, role, declared.names


def _files(leaves: Iterable[Leaf]) -> frozenset[tuple[object, ...]]:
    return frozenset((node.body, node.declared.encoding) for node, role in leaves if role is Role.FILE and node.body)
