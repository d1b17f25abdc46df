"""What nobody can read without a key, and what is broken: said as what it is, and never sent in clear."""

import base64
import io
import zlib
from collections.abc import Iterator

import pikepdf

from tests.build import docx, encrypted_docx, noise, pdf, prose, xlsx, zip_of
from tests.build.packers import packed
from tests.build.rights import MAGIC, packed_blocks, rights_protected
from tests.build.signing import enveloped, pgp_encrypted
from tests.corpus.entries import SECRET, Technique, carrying, mail, raw

FILES = {"list.txt": SECRET.encode()}


def techniques() -> Iterator[Technique]:
    for name, (file, octets, why) in {**_encrypted(), **_protected(), **_broken(), **_too_much(), **_unknown()}.items():
        yield Technique("unreadable", name, "unreadable", why, carrying(file, octets))
    entity = b"Content-Type: text/plain\r\n\r\n" + SECRET.encode()
    cms = base64.encodebytes(enveloped(entity)).decode()
    head = 'MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\nContent-Transfer-Encoding: base64\n\n'
    yield Technique("already protected", "a message that is S/MIME as a whole", "unreadable", "enveloped", raw(head + cms), sealed=True)
    pgp = pgp_encrypted(entity).decode()
    whole = f'MIME-Version: 1.0\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n--b\nContent-Type: application/octet-stream\n\n{pgp}\n--b--\n'
    yield Technique("already protected", "a message that is PGP as a whole", "unreadable", "enveloped", raw(whole), sealed=True)
    yield Technique(
        "unreadable",
        "an S/MIME envelope as a file",
        "unreadable",
        "enveloped",
        carrying("smime.p7m", enveloped(entity), "application/pkcs7-mime"),
    )
    protected = 'Content-Type: application/x-microsoft-rpmsg-message; name="message.rpmsg"\nContent-Transfer-Encoding: base64\n'
    protected += f'Content-Disposition: attachment; filename="message.rpmsg"\n\n{base64.encodebytes(rights_protected()).decode()}'
    whole = f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nThis message is protected.\n--b\n{protected}\n--b--\n"
    yield Technique(
        "already protected", "a message that is rights-protected as a whole", "unreadable", "rights-protected", raw(whole), sealed=True
    )
    for name, octets in _fakes().items():
        yield Technique(
            "unreadable", name, "detector", "nhs-number", carrying("message.rpmsg", octets, "application/x-microsoft-rpmsg-message")
        )
    yield Technique("unreadable", "an S/MIME envelope beside words", "unreadable", "enveloped", _beside(cms))
    yield Technique("unreadable", "PGP words in a mail", "unreadable", "enveloped", mail(text=f"See below.\n\n{pgp}"))


def _beside(cms: str) -> bytes:
    part = f"--b\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\n{cms}"
    return raw(f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n{part}\n--b--\n")


def _encrypted() -> dict[str, tuple[str, bytes, str]]:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf([SECRET]))) as document:
        document.save(target, encryption=pikepdf.Encryption(owner="secret", user="secret", R=6))
    return {
        "an encrypted zip": ("a.zip", zip_of(FILES, encrypted=True), "encrypted"),
        "a zip with one encrypted member": ("a.zip", _mixed_zip(), "encrypted"),
        "an AES zip": ("a.zip", packed("zip-aes", FILES), "encrypted"),
        "an encrypted 7z": ("a.7z", packed("7z-encrypted", FILES), "encrypted"),
        "an encrypted 7z with hidden names": ("a.7z", packed("7z-hidden-names", FILES), "encrypted"),
        "an encrypted document": ("plan.docx", encrypted_docx(), "encrypted"),
        "an encrypted document by another name": ("holiday.jpg", encrypted_docx(), "encrypted"),
        "an encrypted PDF": ("report.pdf", target.getvalue(), "encrypted"),
        "an encrypted zip in a zip": ("a.zip", zip_of({"b.zip": zip_of(FILES, encrypted=True)}), "encrypted"),
    }


def _mixed_zip() -> bytes:
    """One plain member before an encrypted one."""
    import struct

    plain, locked = zip_of({"notes.txt": b"Nothing."}), zip_of(FILES, encrypted=True)
    first, second = plain[: plain.index(b"PK\x01\x02")], locked[: locked.index(b"PK\x01\x02")]
    one = plain[plain.index(b"PK\x01\x02") : plain.index(b"PK\x05\x06")]
    two = locked[locked.index(b"PK\x01\x02") : locked.index(b"PK\x05\x06")]
    two = two[:42] + struct.pack("<I", len(first)) + two[46:]
    end = struct.pack("<HHHHIIH", 0, 0, 2, 2, len(one + two), len(first + second), 0)
    return first + second + one + two + b"PK\x05\x06" + end


def _protected() -> dict[str, tuple[str, bytes, str]]:
    return {
        "rights-protected mail": ("message.rpmsg", bytes.fromhex("76e80460c411e386") + noise(900, "r"), "rights-protected"),
        "a rights-protected file": ("plan.pfile", b".pfile" + noise(900, "p"), "rights-protected"),
        "a rights-protected picture": ("photo.pjpg", noise(900, "j"), "rights-protected"),
        "a PGP file": ("list.gpg", pgp_encrypted(SECRET.encode(), armour=False), "enveloped"),
        "a PGP file in armour": ("list.asc", pgp_encrypted(SECRET.encode()), "enveloped"),
        "a PGP file by another name": ("list.bin", pgp_encrypted(prose(400).encode(), armour=False), "e"),
    }


def _fakes() -> dict[str, bytes]:
    """What says that it is protected, and is only packed."""
    words = SECRET.encode() * 20
    return {
        "a fake message.rpmsg: blocks of zlib": packed_blocks(words),
        "a fake message.rpmsg: zlib in each block": packed_blocks(words * 20, each=True),
        "a fake message.rpmsg: a document in blocks": packed_blocks(docx([SECRET])),
        "a fake message.rpmsg: zlib and no block": MAGIC + zlib.compress(words),
        "a fake message.rpmsg: zlib cut off": MAGIC + zlib.compress(words + noise(3000))[:-20],
        "a fake message.rpmsg: a stream beside the content": rights_protected({"notes": words}),
        "a fake message.rpmsg: zlib in the content": rights_protected(content=zlib.compress(words)),
        "a fake message.rpmsg: zlib behind it": rights_protected() + zlib.compress(words),
        "a fake message.rpmsg: words in the licence": rights_protected(licence=SECRET * 3),
    }


def _broken() -> dict[str, tuple[str, bytes, str]]:
    plan, list_, report = docx(["A plan."] * 30), xlsx([["a", "b"]] * 30), pdf([prose(300)])
    return {
        "half a document": ("plan.docx", plan[: len(plan) // 2], "damaged"),
        "half a workbook": ("list.xlsx", list_[: len(list_) // 2], "damaged"),
        "a tenth of a PDF": ("report.pdf", report[: len(report) // 10], "damaged"),
        "half a zip": ("a.zip", zip_of({"a.bin": noise(5000)})[:2500], "damaged"),
        "half a gzip": ("a.gz", packed("gz", {"a.bin": noise(5000)})[:2500], "damaged"),
        "half a 7z": ("a.7z", packed("7z", {"a.bin": noise(5000)})[:2500], "damaged"),
        "a document with a part that is no XML": ("plan.docx", _not_xml(), "damaged"),
        "a zip whose member is damaged": ("a.zip", _flipped(zip_of({"a.bin": noise(5000)})), "damaged"),
    }


def _not_xml() -> bytes:
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx(["A."]))) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<not xml" if name == "word/document.xml" else old.read(name))
    return target.getvalue()


def _flipped(octets: bytes) -> bytes:
    middle = len(octets) // 2
    return octets[:middle] + bytes((octets[middle] ^ 0xFF,)) + octets[middle + 1 :]


def _too_much() -> dict[str, tuple[str, bytes, str]]:
    deep = SECRET.encode()
    for number in range(12):
        deep = zip_of({f"{number}.zip": deep})
    return {
        "a bomb": ("a.zip", zip_of({"zeros": bytes(60_000_000)}), "over-budget"),
        "a gzip bomb": ("a.gz", packed("gz", {"zeros": bytes(60_000_000)}), "over-budget"),
        "an archive twelve deep": ("a.zip", deep, "over-budget"),
        "an archive of 3,000 files": ("a.zip", zip_of({f"{number}.txt": b"x" for number in range(3000)}), "over-budget"),
    }


def _unknown() -> dict[str, tuple[str, bytes, str]]:
    return {
        "octets of no known kind": ("data.bin", noise(3000, "x"), "unsupported"),
        "a database": ("people.sqlite", b"SQLite format 3\0" + noise(3000, "s"), "unsupported"),
        "a program": ("setup.exe", b"MZ" + noise(3000, "m"), "unsupported"),
        "a drawing of AutoCAD": ("site.dwg", b"AC1032" + noise(3000, "d"), "unsupported"),
    }
