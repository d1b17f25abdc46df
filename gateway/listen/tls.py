"""STARTTLS: the context of a listener, and what a session says of its encryption and its client's certificate.

Standards: RFC 3207, RFC 4514 (subjects as text). TLS 1.2 or better. A client certificate is asked for when `client_ca` is set; one that
does not verify ends the handshake, none at all is no error: whether a peer without may relay is the listener's business.
"""

from __future__ import annotations

import ssl

from cryptography import x509

from gateway.config import Listener


def server_context(settings: Listener) -> ssl.SSLContext | None:
    """The context for this listener; None when it offers no TLS. Raises OSError when a file cannot be used (ssl.SSLError is one)."""
    if settings.tls == "none" or settings.cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(settings.cert, settings.key)
    if settings.client_ca is not None:
        context.load_verify_locations(settings.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def describe(connection: ssl.SSLObject) -> str:
    """For the Received field: "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"."""
    cipher = connection.cipher()
    return f"{connection.version()} with cipher {cipher[0] if cipher else 'unknown'}"


def verified_subject(connection: ssl.SSLObject) -> str | None:
    """The subject of the client's certificate, RFC 4514; None when there was none or it was not verified."""
    octets = connection.getpeercert(binary_form=True)
    if octets is None or not connection.getpeercert():  # the second form is empty for what was not verified
        return None
    return x509.load_der_x509_certificate(octets).subject.rfc4514_string()


def is_named(subject: str, names: tuple[str, ...]) -> bool:
    """Whether a configured name is this subject, or one whole attribute of it ("CN=benefits.int")."""
    try:
        attributes = {attribute.rfc4514_string().casefold() for attribute in x509.Name.from_rfc4514_string(subject)}
    except ValueError:
        attributes = set()
    return any(name.casefold() == subject.casefold() or name.casefold() in attributes for name in names)
