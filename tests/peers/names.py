"""A name server that knows what a test says: TXT records, over UDP on a free port, in a thread of its own."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[str, tuple[str, ...] | None]


@contextmanager
def names(records: Records) -> Iterator[str]:
    """`ADDRESS:PORT`. By name, each record as it stands in a zone file; None: it does not answer; a name that is missing does not exist."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(bound, records), daemon=True)
        thread.start()
        port = bound.getsockname()[1]
        try:
            yield f"127.0.0.1:{port}"
        finally:
            bound.sendto(b"", ("127.0.0.1", port))
            thread.join(60)


def _serve(bound: socket.socket, records: Records) -> None:
    while True:
        octets, client = bound.recvfrom(4096)
        if not octets:
            return
        query = dns.message.from_wire(octets)
        name = str(query.question[0].name).rstrip(".").lower()
        found = records.get(name, ())
        if found is None:
            continue
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if found:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", dns.rdatatype.to_text(dns.rdatatype.TXT), *found))
        elif name not in records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        with suppress(OSError):
            bound.sendto(answer.to_wire(), client)
