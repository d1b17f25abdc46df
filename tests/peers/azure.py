"""A private blob storage as Azure has it: Azurite, Microsoft's own emulator, on Node.js. tests/run installs it beside its lock file."""

import base64
import hashlib
import hmac
import secrets
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from obstore.store import AzureStore

from tests.peers import folder, free_port
from tests.peers.program import program

CONTAINER = "outgate-vault"
_PROGRAM = Path(__file__).parent / "azurite" / "node_modules" / ".bin" / "azurite-blob"


@dataclass(frozen=True)
class Azure:
    port: int
    account: str
    secret: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.account}"

    def store(self) -> AzureStore:
        """Somebody beside the gateway: looks into the container, and changes what stands there."""
        return AzureStore(
            CONTAINER, account_name=self.account, account_key=self.secret, endpoint=self.endpoint, client_options={"allow_http": True}
        )

    def settings(self, prefix: str) -> tuple[str, ...]:
        """Lines of [vault]."""
        return (
            f'url = "az://{CONTAINER}/{prefix}"',
            f'endpoint = "{self.endpoint}"',
            f'account = "{self.account}"',
            f'secret = "{self.secret}"',
        )


@contextmanager
def azure() -> Iterator[Azure]:
    node = shutil.which("node")
    assert node is not None, "nodejs is missing: tests/run --packages"
    assert _PROGRAM.exists(), "Azurite is missing: tests/run --setup-only"
    with folder("azure") as directory:
        server = Azure(free_port(), "outgate", base64.b64encode(secrets.token_bytes(64)).decode())
        where = ("--location", str(directory), "--blobHost", "127.0.0.1", "--blobPort", str(server.port))
        command = (node, str(_PROGRAM), *where, "--disableTelemetry", "--skipApiVersionCheck")
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "AZURITE_ACCOUNTS": f"{server.account}:{server.secret}"}
        with program("azurite", command, environment, directory / "log", lambda: _answers(server)):
            _make_container(server)
            yield server


def _answers(server: Azure) -> bool:
    try:
        urllib.request.urlopen(f"{server.endpoint}?comp=list").close()  # noqa: S310 - our own address
    except urllib.error.HTTPError:  # without a signature it refuses, which is an answer
        return True
    except OSError:
        return False
    return True


def _make_container(server: Azure) -> None:
    """Put Container of the REST API, signed with the shared key: obstore has no word for it."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    signed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    resource = f"/{server.account}/{server.account}/{CONTAINER}\nrestype:container"
    words = f"PUT{chr(10) * 12}{signed}{resource}"
    signature = base64.b64encode(hmac.new(base64.b64decode(server.secret), words.encode(), hashlib.sha256).digest()).decode()
    headers["Authorization"] = f"SharedKey {server.account}:{signature}"
    address = f"{server.endpoint}/{CONTAINER}?restype=container"
    request = urllib.request.Request(address, method="PUT", headers=headers)  # noqa: S310 - our own address
    urllib.request.urlopen(request).close()  # noqa: S310
