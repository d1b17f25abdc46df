"""Addresses of From, Sender, To and Cc (RFC 5322 section 3.4). Pure.

In: an unfolded value, encoded-words not decoded (a decoded name may hold anything). Out: addresses to compare, lower-case, domains as
U-labels, quotes of a local-part taken off. What is not well formed yields no address: better none than a wrong one.
"""

from __future__ import annotations

import re

import idna

_FAST = re.compile(
    r'[\s,]*+(?:(?:"[^"\\]*+"|[^\s"(),:;<>@\[\]\\]++)\s*+)*+'  # a display-name, or nothing
    r"(?:<([\w!#$%&'*+/=?^`{|}~.-]++@[\w.-]++)>)\s*+(?:,|$)"
    r"|[\s,]*+([\w!#$%&'*+/=?^`{|}~.-]++@[\w.-]++)\s*+(?:,|$)"
)
_TOKENS = re.compile(r'\s++|"((?:[^"\\]|\\.)*+)"|\[([^\[\]\\]*+)\]|([^\s"(),:;<>@\[\]\\.]++)|(.)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def find_addresses(value: str) -> tuple[str, ...]:
    """Every address of an address-list, in order."""
    found: list[str] = []
    at = 0
    while at < len(value):
        mailbox = _FAST.match(value, at)
        if mailbox is None:
            return tuple(dict.fromkeys((*found, *_Slow(value[at:]).addresses())))
        found.append(_key(mailbox[1] or mailbox[2]))
        at = mailbox.end()
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def _key(address: str) -> str:
    """The text by which two spellings of one mailbox are the same (Address.key)."""
    local, _, domain = address.rpartition("@")
    domain = domain.lower().rstrip(".")
    if "xn--" in domain:
        domain = ".".join(_u_label(label) for label in domain.split("."))
    return f"{local.lower()}@{domain}"


def _u_label(label: str) -> str:
    try:
        return idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return label


class _Slow:
    """The full grammar, one token after the other; time grows with the length alone."""

    def __init__(self, value: str) -> None:
        self._tokens = _tokens(value)

    def addresses(self) -> list[str]:
        """Split at commas and at the marks of a group; read each piece."""
        found: list[str] = []
        piece: list[tuple[str, str]] = []
        in_angle = False
        for kind, text in (*self._tokens, ("mark", ",")):
            if kind == "mark" and text in "<>":
                in_angle = text == "<"
            if kind == "mark" and (text == "," or (text in ":;" and not in_angle)) and not (in_angle and text == ","):
                if text != ":":  # what stands before the colon is the group's name
                    found.extend(_mailbox(piece))
                piece = []
            else:
                piece.append((kind, text))
        return found


def _tokens(value: str) -> list[tuple[str, str]]:
    """Atoms, quoted-strings, domain-literals and single marks; comments and blanks become one blank."""
    tokens: list[tuple[str, str]] = []
    at = depth = 0
    while at < len(value):
        if depth or value[at] == "(":
            at, depth = _skip_comment(value, at)
            tokens.append(("blank", " "))
            if depth:  # never closed: nothing behind it can be trusted
                tokens.append(("bad", ""))
                break
            continue
        token = _TOKENS.match(value, at)
        if token is None:
            break
        tokens.append(_kind(token))
        if token[4] == '"':  # never closed
            break
        at = token.end()
    return tokens


def _kind(token: re.Match[str]) -> tuple[str, str]:
    if token[1] is not None:
        return "quoted", _ESCAPED.sub(r"\1", token[1])
    if token[2] is not None:
        return "literal", f"[{token[2].strip()}]"
    if token[3] is not None:
        return "atom", token[3]
    if token[4] is None:
        return "blank", " "
    return ("mark", token[4]) if token[4] in ",:;<>@." else ("bad", token[4])


def _skip_comment(value: str, at: int) -> tuple[int, int]:
    """From an opening parenthesis to behind its match; and how many are still open at the end."""
    depth = 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == "(":
            depth += 1
        elif value[at] == ")":
            depth -= 1
            if not depth:
                return at + 1, 0
        at += 1
    return at, depth


def _mailbox(piece: list[tuple[str, str]]) -> list[str]:
    """One mailbox: `addr-spec`, or `<addr-spec>` behind a display-name. Empty when it is not well formed."""
    tokens = [token for token in piece if token[0] != "blank"]
    if any(kind == "bad" for kind, _ in tokens):
        return []
    opens = [at for at, token in enumerate(tokens) if token == ("mark", "<")]
    if opens:
        closes = [at for at, token in enumerate(tokens) if token == ("mark", ">")]
        name = tokens[: opens[0]]
        if closes != [len(tokens) - 1] or any(token == ("mark", "@") for token in name):
            return []
        tokens = _without_route(tokens[opens[0] + 1 : -1])
    return _addr_spec(tokens)


def _without_route(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """RFC 5322 4.4: `@a,@b:user@domain`, obsolete; the route is not the address."""
    if tokens[:1] == [("mark", "@")] and ("mark", ":") in tokens:
        return tokens[tokens.index(("mark", ":")) + 1 :]
    return tokens


def _addr_spec(tokens: list[tuple[str, str]]) -> list[str]:
    ats = [at for at, token in enumerate(tokens) if token == ("mark", "@")]
    if len(ats) != 1:
        return []
    local, domain = tokens[: ats[0]], tokens[ats[0] + 1 :]
    if not _is_dotted(local, {"atom", "quoted"}) or not (_is_dotted(domain, {"atom"}) or [kind for kind, _ in domain] == ["literal"]):
        return []
    return [_key("".join(text for _, text in local) + "@" + "".join(text for _, text in domain))]


def _is_dotted(tokens: list[tuple[str, str]], kinds: set[str]) -> bool:
    """Words with single dots between them."""
    return len(tokens) % 2 == 1 and all(token == ("mark", ".") if at % 2 else token[0] in kinds for at, token in enumerate(tokens))
