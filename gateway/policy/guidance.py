"""The texts of a pack, and the one line of a refusal that machines carry. Pure.

A text lives beside the rules: `rules/<pack>/guidance/<id>.<lang>.md`, front matter, then paragraphs of plain Markdown. The pack says why
and what to do; the frame around it (sent or not and to whom, how long it is kept, who helps, the case number) is the same for every text
and stands in letters.py and news.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from shlex import quote
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.errors import BadPack, Problem
from gateway.mime.compose import ascii_only
from gateway.model.decision import Decision
from gateway.model.envelope import Address
from gateway.model.outcome import Reply

if TYPE_CHECKING:
    from gateway.policy.rules import Policy  # rules are loaded by parse_pack, which checks texts with this module

PLACEHOLDERS = frozenset(
    "recipients files together why case keep_until answer_by decider organisation help would_pass clause pack_source".split()  # noqa: SIM905
)
# What texts about shared files speak of besides: `share-...`, one for each kind of place, and for the sender.
SHARE_PLACEHOLDERS = PLACEHOLDERS | frozenset(
    "link until number what to sender access_key address folder host port user fingerprint liaison web password_from password purge".split()  # noqa: SIM905
)
SHARES = "share-"  # how their names begin
_LETTERS = frozenset({"share-code", "share-asked", "share-fetched"})  # letters of their own, which know no more than others do
_FIELDS = frozenset({"title", "status", "reply", "months", "known_by"})
PLACEHOLDER = re.compile(r"\{(\w*)\}")
_IN_BRACES = re.compile(r"\{[^{}]{0,40}\}|\{(?: ?[\w-]{0,40})|\}")  # what begins or ends like one
_STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3}")  # a refusal is for good: class 4 would ask for another try
_LONGEST_TITLE = 120  # characters; a subject is read in a list of mail
MAX_REPLY = 400  # octets of an SMTP reply's text; the line stays under 512 (RFC 5321 section 4.5.3.1.5)


@dataclass(frozen=True, slots=True)
class House:
    """Who speaks: the organisation, as notices and DSNs name it."""

    name: str
    domains: frozenset[str]  # U-labels, lower-case
    postmaster: str
    hostname: str
    help: str = ""  # who helps, in a line
    sender: str = ""  # From of notices
    notices_hop: str = ""  # which next hop carries them
    timezone: tzinfo | None = None
    config: str = ""  # path of the settings, for the commands that people are told

    def is_ours(self, address: Address) -> bool:
        """Whether a reverse-path is in the organisation's domains (DESIGN section 6)."""
        return address.domain in self.domains

    def clock(self, at: datetime) -> str:
        """14:06, as the clock on the sender's wall shows it."""
        return at.astimezone(self.timezone).strftime("%H:%M")

    def day(self, at: datetime) -> str:
        """Thursday 26 November, 14:06 GMT."""
        local = at.astimezone(self.timezone)
        return f"{local:%A} {local.day} {local:%B}, {local:%H:%M %Z}".rstrip()

    def moment(self, at: datetime) -> str:
        """2026-11-26 14:06 GMT."""
        return f"{at.astimezone(self.timezone):%Y-%m-%d %H:%M %Z}".rstrip()

    def command(self, words: str) -> str:
        """A command as it can be typed: `outgate hold show 7KQ-402 --config /etc/outgate/outgate.toml`."""
        return f"outgate {words}" + (f" --config {quote(self.config)}" if self.config else "")


@dataclass(frozen=True, slots=True)
class Guidance:
    """One text of a pack in one language."""

    id: str
    lang: str
    title: str  # goes into the subject, so nothing of the message may: "files too big for encrypted email"
    status: str  # enhanced status code of a refusal
    reply: str  # the short form in the Diagnostic-Code and the SMTP reply; placeholders allowed
    body: str
    months: tuple[str, ...] = ()  # of `share-` texts: the twelve, as they stand between day and year
    known_by: tuple[str, ...] = ()  # of `share-` texts: words that are common in its language, by which a message in it is known


def parse_guidance(file: str, data: bytes) -> Guidance:
    """One text file to Guidance.

    Raises:
        BadPack: no front matter, an unknown field or placeholder, with its line.
    """
    match = re.fullmatch(r"(?:.*/)?([a-z0-9][a-z0-9-]*)\.([a-z]{2}(?:-[a-z]{2})?)\.md", file)
    if match is None:
        raise BadPack((Problem(file, 0, 0, "a text is named <id>.<language>.md, for example too-large.en.md"),))
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        says = "is not UTF-8 text, so people would read signs that nobody wrote; save it as UTF-8"
        raise BadPack((Problem(file, line, error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1, says),)) from error
    front = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    if front is None:
        raise BadPack((Problem(file, 1, 1, "begins with front matter: a line ---, then title: and status:, then a line ---"),))
    fields, problems = _front_matter(file, front[1])
    body = text[front.end() :].strip()
    problems += _placeholder_problems(file, text, _known(match[1]))
    problems += _words_problems(file, fields)
    if PLACEHOLDER.search(fields.get("title", "")):
        problems.append(Problem(file, 2, 1, "the `title:` becomes part of a subject and takes no placeholders"))
    if not fields.get("title"):
        problems.append(Problem(file, 2, 1, "needs a `title:`; it becomes part of the subject"))
    if len(fields.get("title", "")) > _LONGEST_TITLE:
        problems.append(Problem(file, 2, 1, f"the `title:` becomes part of a subject; write at most {_LONGEST_TITLE} characters"))
    if not body:
        problems.append(Problem(file, front[0].count("\n") + 1, 1, "has no text below the front matter"))
    if not _STATUS.fullmatch(fields.get("status", "5.7.1")):
        problems.append(Problem(file, 2, 1, f"`{fields['status']}` is no status code of a refusal; write 5.7.1 (RFC 3463)"))
    if problems:
        raise BadPack(tuple(problems))
    title = fields["title"]
    months, known_by = (tuple(_listed(fields.get(name, ""))) for name in ("months", "known_by"))
    return Guidance(match[1], match[2], title, fields.get("status", "5.7.1"), fields.get("reply", title), body, months, known_by)


def _front_matter(file: str, lines: str) -> tuple[dict[str, str], list[Problem]]:
    fields: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines.splitlines(), 2):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or name.strip() not in _FIELDS:
            problems.append(Problem(file, number, 1, f"unknown field `{name.strip()}`; there are: {', '.join(sorted(_FIELDS))}"))
        if name.strip() in fields:
            problems.append(Problem(file, number, 1, f"`{name.strip()}:` stands twice here; keep one"))
        fields[name.strip()] = value.strip().strip('"')
    return fields, problems


def _listed(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def _words_problems(file: str, fields: Mapping[str, str]) -> list[Problem]:
    """A date in words needs all twelve."""
    months = _listed(fields.get("months", ""))
    if len(months) in {0, 12}:
        return []
    return [Problem(file, 2, 1, f"`months:` names {len(months)}, with commas between them; there are twelve")]


@lru_cache(maxsize=16)
def texts_of(policy: Policy, lang: str = "en") -> Mapping[str, Guidance]:
    """Every text of a loaded pack in one language. A pack that loads has only texts that parse."""
    found = (parse_guidance(name, data) for name, data in policy.guidance_files.items())
    return {text.id: text for text in found if text.lang == lang}


def text_for(decision: Decision, texts: Mapping[str, Guidance]) -> Guidance | None:
    """The text that a decision asks for; the most important reason has the word."""
    return next((texts[id_] for id_ in decision.guidance if id_ in texts), None)


def why_in_short(decision: Decision, texts: Mapping[str, Guidance], values: Mapping[str, str]) -> str:
    """Half a sentence: the text's short form where everything it speaks of is known, else its title, else the rule's own words."""
    found = text_for(decision, texts)
    if found is None:
        return next((reason.text for reason in decision.reasons if reason.text), "the organisation's rules do not allow it")
    if any(not values.get(name) for name in PLACEHOLDER.findall(found.reply)):
        return found.title
    return PLACEHOLDER.sub(lambda match: values[match[1]], found.reply)


def smtp_reply(
    decision: Decision, texts: Mapping[str, Guidance], *, to: str = "", case: str = "", values: Mapping[str, str] = MappingProxyType({})
) -> Reply:
    """The 5yz reply of a refusal, one line of ASCII. With a case it is the Diagnostic-Code of a DSN: then the message is kept.

    `to`: whom it speaks of, or "" for everybody. `values`: what placeholders stand for; a text with others gives its title.
    """
    found = text_for(decision, texts)
    whom = f" to {to}" if to else ""
    ascii_words = ascii_only(f"Not sent{whom}: {why_in_short(decision, texts, values)}")
    tail = f". Your email is kept (case {case})" if case else ""
    return Reply(550, found.status if found else "5.7.1", ascii_words[: MAX_REPLY - len(tail)].rstrip(". ") + tail)


def _known(id_: str) -> frozenset[str]:
    return SHARE_PLACEHOLDERS if id_.startswith(SHARES) and id_ not in _LETTERS else PLACEHOLDERS


def _placeholder_problems(file: str, text: str, known: frozenset[str]) -> list[Problem]:
    """Those that stand for nothing, and what would be sent as it stands: `{ case }`, `{keep-until}`, `{case`."""
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        for match in _IN_BRACES.finditer(line):
            name = re.sub(r"\W+", "_", match[0].strip("{} \t,.;:"))
            if name in known and match[0] != f"{{{name}}}":
                problems.append(
                    Problem(
                        file,
                        number,
                        match.start() + 1,
                        f"`{match[0]}` is no placeholder, and would be sent as it stands; write `{{{name}}}`",
                    )
                )
            elif name not in known:
                says = f"unknown placeholder `{match[0]}`; there are: {', '.join(sorted(known))}"
                problems.append(Problem(file, number, match.start() + 1, says))
    return problems
