"""Encrypted Office documents ([MS-OFFCRYPTO]): why they cannot be read, and what is visible all the same.

The label stands outside the encryption (2.6.3 and 2.6.4), and often the properties do. A document under the password that Office itself
knows and tries is readable by everybody: it is a member like any other. Rights protection says so.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
import re
from collections.abc import Iterator
from contextlib import suppress

import msoffcrypto
import olefile

from gateway.content import labels
from gateway.content.ole_properties import DOCUMENT_SUMMARY, SUMMARY
from gateway.content.reading import Item, Member, Source, Spent, Unreadable
from gateway.content.xml import elements
from gateway.model.finding import Readable

DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105 - [MS-OFFCRYPTO] 2.2.6.3 note: what Excel protects a workbook "read-only" with
_SPINS = re.compile(rb'spinCount="(\d{1,10})"')
_MOST_SPINS = 1_000_000  # a tenth of a second for each 100,000, which is what Office writes


def preload() -> None:
    """Load what the library would only load when it meets a document: a locked child could not."""
    for module in pkgutil.walk_packages(msoffcrypto.__path__, "msoffcrypto."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("xml.dom.expatbuilder", "cryptography.hazmat.backends.openssl.backend"):
        importlib.import_module(name)


def read_protected(source: Source, spent: Spent) -> Iterator[Item]:
    """An encrypted OOXML document."""
    with olefile.OleFileIO(io.BytesIO(source.data)) as file:
        streams = ["/".join(entry) for entry in file.listdir()]
        for name in streams:
            if name.rpartition("/")[2].lower().endswith("labelinfo"):
                stream = io.BytesIO(file.openstream(name).read().rstrip(b"\0"))
                with suppress(Unreadable):  # a broken label does not change why the document cannot be read
                    yield from (label for label, _ in labels.label_info(elements(stream, "{*}label"), "LabelInfo") if label is not None)
        for name in (SUMMARY, DOCUMENT_SUMMARY):
            if file.exists(name):
                yield from labels.from_property_set(bytes(file.openstream(name).read()), name.lstrip("\x05"))
        rights = any("drmencrypted" in name.lower() for name in streams)
    opened = None if rights else decrypted(source.data, spent)
    if opened is None:
        raise Unreadable(Readable.RIGHTS_PROTECTED if rights else Readable.ENCRYPTED)
    yield Member(source.names[0] if source.names else "", opened, also=source.names[1:])


def is_encrypted(data: bytes) -> bool:
    """By the flags and records of the old formats (2.3.6, 2.3.7); not known is not encrypted: then it is unsupported."""
    try:
        return bool(msoffcrypto.OfficeFile(io.BytesIO(data)).is_encrypted())
    except Exception:  # noqa: BLE001 - the library raises its own, struct's and olefile's errors alike
        return False


def decrypted(data: bytes, spent: Spent) -> bytes | None:
    """The document, if the password that Office knows opens it."""
    spins = _SPINS.search(data)
    if spins is not None and int(spins[1]) > _MOST_SPINS:
        return None
    target = io.BytesIO()
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        file.load_key(password=DEFAULT_PASSWORD, verify_password=True)
        file.decrypt(target)
    except Exception:  # noqa: BLE001 - another password, or whatever the library makes of hostile octets
        return None
    opened = target.getvalue()
    spent.unpacked(len(opened), len(opened), len(data))
    return opened
