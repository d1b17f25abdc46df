"""What senders sign and encrypt with: S/MIME by openssl, OpenPGP by gpg. Octets in, octets out; keys are made once for each run."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

_OPENSSL = {
    "signed": ["-sign", "-nodetach", "-outform", "DER"],
    "signed-streamed": ["-sign", "-nodetach", "-stream", "-outform", "DER"],
    "signed-pem": ["-sign", "-nodetach", "-outform", "PEM"],
    "detached": ["-sign", "-outform", "DER"],
    "enveloped": ["-encrypt", "-aes256", "-outform", "DER"],
    "enveloped-pem": ["-encrypt", "-aes256", "-outform", "PEM"],
    "digested": ["-digest_create", "-outform", "DER"],
    "encrypted": ["-EncryptedData_encrypt", "-aes256", "-secretkey", "00" * 32, "-outform", "DER"],
    "data": ["-data_create", "-outform", "DER"],
}
_GPG = {
    "signed": ["--sign"],
    "signed-armoured": ["--sign", "--armor"],
    "signed-uncompressed": ["--sign", "-z", "0"],
    "signed-bzip2": ["--sign", "--compress-algo", "bzip2"],
    "signed-zip": ["--sign", "--compress-algo", "zip"],
    "stored": ["--store"],
    "clear": ["--clearsign"],
    "symmetric": ["--symmetric", "--passphrase", "secret", "--s2k-count", "1024"],
    "encrypted": ["--encrypt", "--recipient", "sender@example.org", "--trust-model", "always"],
    "encrypted-armoured": ["--encrypt", "--armor", "--recipient", "sender@example.org", "--trust-model", "always"],
    "detached": ["--detach-sign", "--armor"],
}
SMIME, PGP = tuple(_OPENSSL), tuple(_GPG)


def smime(how: str, octets: bytes) -> bytes:
    """CMS by openssl."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key.pem")
        key.write_bytes(_key())
        who = ["-signer", str(key)] if "-sign" in _OPENSSL[how] else [str(key)] if "-encrypt" in _OPENSSL[how] else []
        return _run(["openssl", "cms", "-binary", *_OPENSSL[how], *who], octets)


@cache
def _key() -> bytes:
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    with tempfile.TemporaryDirectory() as folder:
        _run([*made, "-subj", "/CN=Sender", "-keyout", f"{folder}/key", "-out", f"{folder}/cert"], b"")
        return Path(folder, "key").read_bytes() + Path(folder, "cert").read_bytes()


@cache
def pgp(how: str, octets: bytes, name: str = "") -> bytes:
    """OpenPGP by gpg."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a short path: gpg makes a socket there
        base = ["gpg", "--homedir", folder, "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"]
        try:
            _run([*base, "--passphrase", "", "--quick-generate-key", "sender@example.org", "future-default", "default", "never"], b"")
            named = ["--set-filename", name] if name else []
            return _run([*base, *named, *_GPG[how]], octets)
        finally:
            subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=True)


def _run(command: list[str], given: bytes) -> bytes:
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout
