"""What one writes first: stock aiosmtpd 1.4.6, whole message in memory, and aiosmtplib with pooled connections.

`python -m tests.bench.stock --next-hop PORT` prints its own port. It answers 250 only after the next hop has. The one addition is
that PIPELINING, which aiosmtpd can do, is also advertised; it makes this peer faster.
"""

import argparse
import asyncio
import logging
from collections import deque
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.bench.loops import run_server


class Proxy:
    def __init__(self, next_hop: int) -> None:
        self._next_hop = next_hop
        self._idle: deque[aiosmtplib.SMTP] = deque()

    async def handle_EHLO(self, server: Any, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802  aiosmtpd's name
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802  the same
        try:
            client = await self._take()
            await client.sendmail(envelope.mail_from or "", envelope.rcpt_tos, envelope.content or b"")
        except (aiosmtplib.SMTPException, OSError) as error:
            logging.getLogger("stock").warning("next hop: %s", error)
            return "451 4.4.1 Try later"
        self._idle.append(client)
        return "250 2.0.0 Relayed"

    async def _take(self) -> aiosmtplib.SMTP:
        while self._idle:
            client = self._idle.pop()
            if client.is_connected:
                return client
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._next_hop, timeout=600, start_tls=False, local_hostname="stock.example")
        await client.connect()
        return client


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stock", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--next-hop", type=int, required=True, help="port on 127.0.0.1")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    proxy = Proxy(options.next_hop)

    def session() -> asyncio.Protocol:
        server: asyncio.Protocol = SMTP(proxy, data_size_limit=100 * 1048576, hostname="stock.example", enable_SMTPUTF8=True)
        return server

    run_server(session, options.port, fast=False)


if __name__ == "__main__":
    main()
