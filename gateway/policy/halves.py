"""A message cut in two by its outermost files: those that a share takes, and the rest. Pure.

Subject, words and header fields stay with both halves: what they ask for is asked of each. So does what was found in file names, which no
one has told apart by file; a mail whose file names say something is judged by them even when the files are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.model.facts import FileFacts, MessageFacts
from gateway.policy.rules import Policy
from gateway.policy.view import Mail


def without(message: MessageFacts, gone: Iterable[str], added: int = 0) -> MessageFacts:
    """The message when these outermost files have been taken out, with all that is inside of them, and so many octets of ours put in."""
    outside = set(gone)
    less = sum([file.wire_octets for file in message.files if file.id in outside]) - added
    kept: list[FileFacts] = []
    for file in message.files:  # a holder stands before what is inside it
        if file.id in outside or file.inside in outside:
            outside.add(file.id)
        else:
            kept.append(file)
    return replace(message, files=tuple(kept), wire_octets=message.wire_octets - less, defects=_defects(message, kept))


def _defects(message: MessageFacts, kept: list[FileFacts]) -> frozenset[str]:
    if not message.defects:
        return message.defects
    nothing: frozenset[str] = frozenset()
    own = message.defects - nothing.union(*[file.defects for file in message.files])
    return own.union(*[file.defects for file in kept])


class Halves:
    """Every half of a message that was looked at, made once for all recipients. A set of outermost files is bits, in their order."""

    __slots__ = ("_kinds", "_levels", "_made", "_policy", "_whole", "files", "message", "whole")

    def __init__(self, policy: Policy, mail: Mail) -> None:
        message = mail.message
        self.message = message
        self._whole = mail
        self._levels = mail.each_file(policy)
        self.files = tuple(file for file in message.files if file.inside is None)
        self.whole = (1 << len(self.files)) - 1
        self._policy = policy
        self._made: dict[tuple[int, int], Mail] = {}
        self._kinds: dict[int, object] = {}

    def half(self, kept: int, added: int) -> Mail:
        """The mail with only these files, and so many octets of ours."""
        mail = self._made.get((kept, added))
        if mail is None:
            message = without(self.message, [file.id for file in self.named(self.whole & ~kept)], added)
            mail = self._made[kept, added] = Mail(self._policy, message, self._whole, self._levels)
        return mail

    def kind(self, file: int) -> object:
        """What rules can see of a file and of all that is inside of it, but for sizes: equal where they are alike. A set of one."""
        if not self._kinds:
            outside, kinds = {each.id: 1 << at for at, each in enumerate(self.files)}, dict[int, list[object]]()
            for each in self.message.files:  # a holder stands before what is inside it
                outside.setdefault(each.id, outside.get(each.inside or "", 0))
                kinds.setdefault(outside[each.id], []).append((each.media_type, each.readable, each.evidence, each.defects))
            self._kinds = {bit: tuple(seen) for bit, seen in kinds.items()}
        return self._kinds[file]

    def named(self, files: int) -> tuple[FileFacts, ...]:
        """The files of a set."""
        if files.bit_count() == 1:
            return (self.files[files.bit_length() - 1],)
        return tuple([file for at, file in enumerate(self.files) if files >> at & 1])
