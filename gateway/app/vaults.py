"""[vault] to a vault: over a folder of this machine, or a bucket of S3 or Azure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.config import Settings, is_loopback
from gateway.edges.keys import VAULT_FAMILIES, Keyring
from gateway.edges.objects import ObjectStore
from gateway.edges.owner import denied
from gateway.edges.vault import Vault
from gateway.edges.vault_folder import Folder
from gateway.edges.vault_usage import Usage
from gateway.errors import WillNotDo
from gateway.ports.spool import SpoolWriter


def make_vault(settings: Settings, keys: Keyring, spool: Callable[[], SpoolWriter]) -> Vault:
    """As the settings have it. The caller closes it. Raises BadConfig."""
    return Vault(make_store(settings), keys, spool, Usage(settings.processes.state / "vault-usage", settings.vault.quota))


def make_store(settings: Settings) -> ObjectStore:
    """Where its objects stand. Raises BadConfig: a file that the settings name cannot be read."""
    place = settings.vault
    if place.bucket is None:
        return Folder(Path(place.url))
    from gateway.edges.vault_cloud import Access, azure, s3  # noqa: PLC0415 - a large library, which a folder does not need

    access = Access(
        endpoint=place.endpoint,
        region=place.region,
        account=place.account,
        secret=place.secret or _text(settings, "secret_file", place.secret_file),
        ca=_text(settings, "ca", place.ca).encode(),
        allow_http=place.endpoint.startswith("http://") and is_loopback(place.endpoint.split("/")[2].rpartition(":")[0]),
    )
    scheme, bucket, prefix = place.bucket
    try:
        return (s3 if scheme == "s3" else azure)(bucket, prefix, access)
    except WillNotDo as error:
        raise settings.wrong(str(error)) from error


def keeps_something(settings: Settings) -> bool:
    """Whether anything is in it that keys have sealed. Raises BadConfig, TryLater."""
    store = make_store(settings)
    try:
        return any(True for purpose in VAULT_FAMILIES for _ in store.walk(purpose))
    finally:
        store.close()


def _text(settings: Settings, name: str, file: Path | None) -> str:
    try:
        return "" if file is None else file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        says = denied(error, file) if isinstance(error, OSError) and file is not None else "is no plain text"
        raise settings.wrong(f"vault.{name}: {says}") from error
