"""What cannot be gone on with. An edge catches its library's errors and raises one of these; nothing else leaves an edge.

OutgateError
├── TryLater        for now it does not work: the mail waits upstream (4xx)
├── WillNotDo       it will never work as asked (5xx)
│   ├── Unusable    this method cannot serve these recipients; another may
│   ├── Revoked     somebody has taken the files back from them: no method may
│   └── Missing     what is asked for is not there, or no more
└── BadInput        what a person wrote is wrong: it carries places and ways out
    ├── BadConfig   outgate.toml
    └── BadPack     a policy pack
"""

from __future__ import annotations

from dataclasses import dataclass


class OutgateError(Exception):
    """The root: every error that the gateway raises on purpose."""


class TryLater(OutgateError):
    """A temporary failure. `status` is an enhanced status code of RFC 3463 (class 4); `detail` is for the operator, not the client."""

    def __init__(self, detail: str, status: str = "4.3.0") -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class WillNotDo(OutgateError):
    """A permanent failure. `status` is an enhanced status code of RFC 3463 (class 5); `detail` is for the operator."""

    def __init__(self, detail: str, status: str = "5.3.0") -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class Unusable(WillNotDo):
    """A method cannot serve these recipients now or ever, and the next route is asked (DESIGN section 5). Nothing of it has happened."""

    def __init__(self, detail: str, recipients: tuple[str, ...] = ()) -> None:
        super().__init__(detail, "5.3.0")
        self.recipients = recipients  # Address.keys; () means everybody


class Revoked(WillNotDo):
    """Somebody has ended these recipients' right to the files of this very message: another route would give them what was taken back."""

    def __init__(self, detail: str, recipients: tuple[str, ...] = ()) -> None:
        super().__init__(detail, "5.7.1")
        self.recipients = recipients  # Address.keys; () means everybody


class Missing(WillNotDo):
    """What is asked for is not there, or no more."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in what a person wrote."""

    file: str  # as the person named it, relative to the pack or as given
    line: int  # from 1; 0 when the place is not known
    column: int  # from 1
    says: str  # what is wrong and the way out, in one sentence
    severity: str = "error"  # error | warning

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.says}"


class BadInput(OutgateError):
    """What a person wrote cannot be used."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class BadConfig(BadInput):
    """outgate.toml cannot be used."""


class BadPack(BadInput):
    """A policy pack cannot be used."""
