"""Mail with mixed recipients, and where the starter pack sends each of them: written down here, not asked of the gateway.

A message is known by its number: it stands in the reverse-path, the Message-ID and the body, so that every copy, case and notice tells
whose it is.
"""

import re
from dataclasses import dataclass
from enum import Enum
from random import Random

from tests.build import docx, message

COLLEAGUE, OUTSIDER, PARTNER, LIST = "kim@sender.example", "bea@outside.example", "sam@partner.example", "everyone@sender.example"
RECIPIENTS = (COLLEAGUE, OUTSIDER, PARTNER, LIST)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_NUMBER = re.compile(r"kill-(\d{6})@sender\.example")


class Fate(Enum):
    """What must become of one message for one recipient."""

    MAILBOXES = "mailboxes"  # delivered to this next hop, and only there
    INTERNET = "internet"
    ENCRYPTED = "encrypted"
    HELD = "open"  # kept: the state of its case
    REFUSED = "refused"  # kept sealed, the sender told by DSN: the state of its case

    @property
    def is_delivered(self) -> bool:
        return self in {Fate.MAILBOXES, Fate.INTERNET, Fate.ENCRYPTED}


FATES: dict[str, dict[str, Fate]] = {
    "note": {COLLEAGUE: Fate.MAILBOXES, OUTSIDER: Fate.INTERNET, PARTNER: Fate.INTERNET, LIST: Fate.REFUSED},
    "confidential": {COLLEAGUE: Fate.MAILBOXES, OUTSIDER: Fate.ENCRYPTED, PARTNER: Fate.ENCRYPTED, LIST: Fate.REFUSED},
    "restricted": {COLLEAGUE: Fate.MAILBOXES, OUTSIDER: Fate.HELD, PARTNER: Fate.HELD, LIST: Fate.REFUSED},
}


@dataclass(frozen=True, slots=True)
class Mail:
    number: str  # six digits
    fates: dict[str, Fate]  # by recipient
    octets: bytes

    @property
    def sender(self) -> str:
        return f"kill-{self.number}@sender.example"


def draw(number: int, random: Random) -> Mail:
    """The next message: of one kind, to one to four recipients."""
    kind = random.choice(("note", "note", "confidential", "restricted"))
    recipients = random.sample(RECIPIENTS, random.randint(1, 4))
    name = f"{number:06}"
    sender = f"kill-{name}@sender.example"
    files = ()
    if kind == "confidential":
        files = ((f"plan-{name}.docx", docx([f"Plan {name}."], header="CONFIDENTIAL"), DOCX),)
    octets = message(
        sender,
        recipients,
        f"RESTRICTED: note {name}" if kind == "restricted" else f"note {name}",
        f"This is kill-{name}.\n.\n" + "A line of it.\n" * random.choice((1, 20, 2000)),
        attachments=files,
        message_id=f"kill-{name}@sender.example",
    )
    return Mail(name, {recipient: FATES[kind][recipient] for recipient in recipients}, octets)


def number_in(text: str) -> str | None:
    """Whose this address or header is."""
    match = _NUMBER.search(text)
    return match[1] if match else None
