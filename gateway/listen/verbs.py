"""The verbs of SMTP and LMTP but for the content: who is there, under which protection, and what the envelope is.

Standards: RFC 5321 section 4.1, RFC 2033 (LMTP), RFC 1870 (SIZE), RFC 2034 (enhanced codes), RFC 2920 (PIPELINING), RFC 3030 (CHUNKING),
RFC 3207 (STARTTLS), RFC 3461 (DSN), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), Postfix XFORWARD_README. VRFY and EXPN tell nothing; AUTH is
not offered.
"""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gateway.listen.conversation import Conversation
from gateway.listen.grammar import BadPath, parse_path, split_path
from gateway.listen.parameters import MailParameters, Refused, mail_parameters, rcpt_parameters
from gateway.listen.terms import Terms, is_within, plain_address
from gateway.listen.tls import describe, is_named, verified_subject
from gateway.listen.xforward import ATTRIBUTES, xforward
from gateway.model.envelope import Address, Envelope, Peer, Recipient

_HELO = re.compile(r"[!#-'*+./-:=?A-\[\]-~-]{1,255}")  # anything that names; no blanks, brackets or quotes, for it stands in Received
_WITHOUT_TLS = frozenset({b"EHLO", b"LHLO", b"HELO", b"STARTTLS", b"NOOP", b"RSET", b"QUIT", b"HELP"})
_FORBIDDEN = frozenset({b"GET", b"POST", b"PUT", b"CONNECT", b"OPTIONS", b"HEAD"})  # a browser was lured here


@dataclass(slots=True)
class Draft:
    """An envelope being told."""

    reverse_path: Address | None = None
    parameters: MailParameters = field(default_factory=MailParameters)
    recipients: list[Recipient] = field(default_factory=list)

    def envelope(self) -> Envelope:
        """As far as it was told."""
        assert self.reverse_path is not None  # noqa: S101 - MAIL comes first
        said = self.parameters
        return Envelope(self.reverse_path, tuple(self.recipients), said.body, said.smtputf8, said.ret, said.envid)


class Verbs(Conversation):
    """Everything up to the content."""

    table: ClassVar[dict[bytes, str]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        # Once for the class: aiosmtpd looks through all its members for every connection.
        cls.table = {name.removeprefix("smtp_").encode("ascii"): name for name in dir(cls) if name.startswith("smtp_")}

    def __init__(self, terms: Terms, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(terms, loop)
        self.draft = Draft()
        self.address, self.port = "", 0
        self.helo = ""
        self.is_extended = False
        self.is_allowed = False  # may relay
        self.is_trusted = False  # its XFORWARD is believed
        self.tls: str | None = None
        self.certificate: str | None = None
        self.forwarded: dict[str, str] = {}

    def greet_peer(self, transport: asyncio.BaseTransport) -> None:
        """Look who has come."""
        self.address, self.port = plain_address(transport.get_extra_info("peername"))
        self.is_allowed = is_within(self.address, self.terms.networks)
        self.is_trusted = is_within(self.address, self.terms.xforward)

    def greeting(self) -> str:
        return f"220 {self.hostname} {'LMTP' if self.terms.is_lmtp else 'ESMTP'}"

    def is_between_messages(self) -> bool:
        return self.draft.reverse_path is None

    async def obey(self, verb: bytes, argument: str) -> None:
        """One command."""
        name = self.table.get(verb)
        if name is None:
            if verb in _FORBIDDEN:
                self.last_word(521, "5.5.1", "This is a mail server")
                return
            raise Refused(500, "5.5.1", "The command is not known")
        self.check_turn(verb)
        if self.tls is None and verb not in _WITHOUT_TLS and self.terms.settings.tls == "required":
            raise Refused(530, "5.7.0", "STARTTLS comes first")
        method: Callable[[str], Awaitable[None]] = getattr(self, name)
        await method(argument)

    @abstractmethod
    def check_turn(self, verb: bytes) -> None:
        """Raise Refused when this command, known as it is, may not come now."""

    def _set_rset_state(self) -> None:
        """The transaction is over or never was; what XFORWARD said was about it."""
        self.draft = Draft()
        self.forwarded = {}

    def peer(self) -> Peer:
        """The client as it is known now."""
        return Peer(self.address, self.port, self.helo, self.tls, self.certificate, tuple(self.forwarded.items()))

    # --- greeting -----------------------------------------------------------------------------------------------------

    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd names them so
        self._hello(arg, lmtp=False, extended=False)
        self.write(f"250 {self.hostname}")

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802
        self._hello(arg, lmtp=False, extended=True)
        self.write(self._extensions())

    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802
        self._hello(arg, lmtp=True, extended=True)
        self.write(self._extensions())

    def _hello(self, name: str, *, lmtp: bool, extended: bool) -> None:
        if lmtp != self.terms.is_lmtp:
            raise Refused(500, "5.5.1", f"This is {'LMTP: LHLO' if self.terms.is_lmtp else 'SMTP: EHLO'} comes first")
        if not _HELO.fullmatch(name):
            raise Refused(501, "5.5.4", "The name of a host or its address follows")
        self.junk()
        self._set_rset_state()
        self.helo = name
        self.is_extended = extended

    def _extensions(self) -> str:
        offers = [self.hostname, "PIPELINING", f"SIZE {self.terms.settings.max_message}"]
        if self.terms.tls is not None and self.tls is None:
            offers.append("STARTTLS")
        offers += ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING"]
        if self.is_trusted:
            offers.append(f"XFORWARD {' '.join(ATTRIBUTES)}")
        return "".join(f"250-{offer}\r\n" for offer in offers[:-1]) + f"250 {offers[-1]}"

    # --- protection ---------------------------------------------------------------------------------------------------

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        """RFC 3207. What was sent in clear after the command must never be taken for commands: such a client is let go."""
        if self.terms.tls is None or self.tls is not None:
            raise Refused(503 if self.tls else 502, "5.5.1", "STARTTLS is not offered")
        if arg:
            raise Refused(501, "5.5.4", "STARTTLS takes no argument")
        if self._input:
            self.last_word(554, "5.5.1", "Nothing may follow STARTTLS before its reply")
            return
        self.say(220, "2.0.0", "Go ahead")
        self._write_out()  # no waiting: the handshake must not reach the command loop
        clear = self._wire
        try:
            secure = await self.loop.start_tls(clear, self, self.terms.tls, server_side=True, ssl_handshake_timeout=self._timeout_duration)
        except (TimeoutError, OSError):
            self.terms.log.event("session.refused", listener=self.terms.name, peer=self.address, why="tls-handshake")
            secure = None
        if secure is None:
            clear.abort()
            self.connection_lost(None)  # not every loop tells us when the handshake failed
        elif not self._is_lost:
            self._secured(secure)

    def _secured(self, secure: asyncio.Transport) -> None:
        self.transport = secure
        self._over_ssl = True
        connection = secure.get_extra_info("ssl_object")
        self.tls = describe(connection)
        self.certificate = verified_subject(connection)
        if self.certificate is not None and is_named(self.certificate, self.terms.settings.client_names):
            self.is_allowed = True
        # RFC 3207 section 4.2: the server forgets everything it was told before.
        self._set_rset_state()
        self.helo = ""
        self.is_extended = False
        self._reset_timeout()

    async def smtp_XFORWARD(self, arg: str) -> None:  # noqa: N802
        if not self.is_trusted:
            raise Refused(550, "5.7.0", "XFORWARD is not for you")
        if self.draft.reverse_path is not None:
            raise Refused(503, "5.5.1", "XFORWARD comes before MAIL")
        self.forwarded |= xforward(arg)
        self.say(250, "2.0.0", "Ok")

    # --- envelope -----------------------------------------------------------------------------------------------------

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        if not self.helo:
            raise Refused(503, "5.5.1", f"{'LHLO' if self.terms.is_lmtp else 'EHLO'} comes first")
        if not self.is_allowed:
            raise Refused(554, "5.7.1", "You may not relay here")
        if self.draft.reverse_path is not None:
            raise Refused(503, "5.5.1", "MAIL was given already")
        path, parameters = _split(arg or "", "FROM:")
        said = mail_parameters(self._allowed_parameters(parameters))
        if said.size is not None and said.size > self.terms.settings.max_message:
            raise Refused(552, "5.3.4", "The message is larger than this server takes")
        try:
            self.draft.reverse_path = parse_path(path, utf8=said.smtputf8)
        except BadPath as bad:
            raise Refused(553, "5.6.7" if bad.needs_utf8 else "5.1.7", f"The reverse-path cannot be used: {bad}") from bad
        self.draft.parameters = said
        self.say(250, "2.1.0", "Ok")

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        if self.draft.reverse_path is None:
            raise Refused(503, "5.5.1", "MAIL comes first")
        path, parameters = _split(arg or "", "TO:")
        utf8 = self.draft.parameters.smtputf8
        said = rcpt_parameters(self._allowed_parameters(parameters), utf8=utf8)
        try:
            address = parse_path(path, utf8=utf8, postmaster_domain=self.hostname)
        except BadPath as bad:
            raise Refused(553, "5.6.7" if bad.needs_utf8 else "5.1.3", f"The forward-path cannot be used: {bad}") from bad
        if address.is_null:
            raise Refused(553, "5.1.3", "The forward-path is empty")
        if len(self.draft.recipients) >= self.terms.settings.max_recipients:
            raise Refused(452, "4.5.3", "Too many recipients; send the rest in another transaction")
        self.draft.recipients.append(Recipient(address, said.notify, said.orcpt))
        self.say(250, "2.1.5", "Ok")

    def _allowed_parameters(self, parameters: str) -> str:
        if parameters and not self.is_extended:
            raise Refused(555, "5.5.4", "Parameters need EHLO")
        return parameters

    # --- the rest -----------------------------------------------------------------------------------------------------

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        _no_argument(arg)
        self.junk()
        self._set_rset_state()
        self.say(250, "2.0.0", "Ok")

    async def smtp_NOOP(self, arg: str) -> None:  # noqa: ARG002, N802 - RFC 5321 section 4.1.1.9: anything may follow
        self.junk()
        self.say(250, "2.0.0", "Ok")

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        _no_argument(arg)
        self.last_word(221, "2.0.0", "Bye")

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: ARG002, N802
        self.junk()
        self.say(252, "2.5.0", "Send the mail; it will be tried")

    async def smtp_EXPN(self, arg: str) -> None:  # noqa: ARG002, N802
        raise Refused(502, "5.5.1", "EXPN is not offered")

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: ARG002, N802
        raise Refused(502, "5.5.1", "AUTH is not offered")

    async def smtp_HELP(self, arg: str) -> None:  # noqa: ARG002, N802
        self.junk()
        self.say(214, "2.0.0", "See RFC 5321")


def _split(argument: str, keyword: str) -> tuple[str, str]:
    if argument[: len(keyword)].upper() != keyword:
        raise Refused(501, "5.5.4", f"{keyword}<address> follows")
    try:
        return split_path(argument[len(keyword) :])
    except BadPath as bad:
        raise Refused(501, "5.5.4", f"{keyword}<address> follows: {bad}") from bad


def _no_argument(argument: str) -> None:
    if argument:
        raise Refused(501, "5.5.4", "The command takes no argument")
