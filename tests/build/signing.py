"""Signed and encrypted by the programs that people use: openssl (S/MIME, RFC 8551) and gpg (OpenPGP, RFC 9580).

Keys are made once a run.
"""

import atexit
import shutil
import subprocess
import tempfile
import zlib
from functools import cache
from pathlib import Path


def opaque_signed(entity: bytes) -> bytes:
    """SignedData with its content inside, DER: what smime.p7m holds."""
    return _openssl("cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer", "{cert}", "-inkey", "{key}", given=entity)


def detached_signed(entity: bytes) -> bytes:
    """SignedData without content, DER: what smime.p7s holds."""
    return _openssl("cms", "-sign", "-binary", "-outform", "DER", "-signer", "{cert}", "-inkey", "{key}", given=entity)


def enveloped(entity: bytes) -> bytes:
    """EnvelopedData, DER: encrypted for one recipient."""
    return _openssl("cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER", "{cert}", given=entity)


def compressed(entity: bytes) -> bytes:
    """CompressedData (RFC 3274), DER, by hand: openssl is often built without zlib."""
    names = ("2a864886f70d010701", "2a864886f70d0109100308", "2a864886f70d0109100109")
    data, zlib_, compressed_data = map(bytes.fromhex, names)
    inner = _tlv(0x30, _tlv(6, data) + _tlv(0xA0, _tlv(4, zlib.compress(entity))))
    body = _tlv(0x30, _tlv(2, b"\0") + _tlv(0x30, _tlv(6, zlib_)) + inner)
    return _tlv(0x30, _tlv(6, compressed_data) + _tlv(0xA0, body))


def _tlv(tag: int, content: bytes) -> bytes:
    """One value of DER (X.690 8.1)."""
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes((size,)) if size < 128 else bytes((128 | len(octets),)) + octets
    return bytes((tag,)) + length + content


@cache
def clear_signed(text: str) -> str:
    """An OpenPGP cleartext signature (RFC 9580 section 7)."""
    return _gpg("--clearsign", given=text.encode()).decode()


def pgp_encrypted(octets: bytes, *, armour: bool = True) -> bytes:
    """Encrypted under a passphrase."""
    return _gpg("--symmetric", *(["--armor"] if armour else []), given=octets)


@cache
def _keys() -> dict[str, str]:
    folder = Path(tempfile.mkdtemp(prefix="og-keys-"))
    paths = {"key": str(folder / "key.pem"), "cert": str(folder / "cert.pem")}
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=clerk",
        "-keyout",
        paths["key"],
        "-out",
        paths["cert"],
    ]
    subprocess.run(command, check=True, capture_output=True)
    return paths


def _openssl(*arguments: str, given: bytes) -> bytes:
    filled = [argument.format(**_keys()) for argument in arguments]
    return subprocess.run(["openssl", *filled], input=given, check=True, capture_output=True).stdout


@cache
def _home() -> str:
    home = tempfile.mkdtemp(prefix="og-gpg-")
    Path(home).chmod(0o700)
    atexit.register(_leave, home)
    make = [
        "gpg",
        "--homedir",
        home,
        "--batch",
        "--passphrase",
        "",
        "--quick-generate-key",
        "clerk@sender.example",
        "ed25519",
        "sign",
        "never",
    ]
    subprocess.run(make, check=True, capture_output=True)
    return home


def _leave(home: str) -> None:
    """gpg starts an agent that outlives everybody."""
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)
    shutil.rmtree(home, ignore_errors=True)


def _gpg(*arguments: str, given: bytes) -> bytes:
    command = ["gpg", "--homedir", _home(), "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", "--output", "-"]
    if "--symmetric" in arguments:
        command[command.index("--passphrase") + 1] = "secret"
    return subprocess.run([*command, *arguments], input=given, check=True, capture_output=True).stdout
