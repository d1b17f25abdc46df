"""Objects in a bucket of S3 (or what speaks like it) or a container of Azure's blob storage, by obstore.

An object appears there whole or not at all. A small one is put by one request that never writes over another (If-None-Match); a large one
in parts, of which two are in memory. A part of an object is streamed for as long as its reader takes: what the server or a time limit cuts
off is asked for anew from where it ended.
Limits: the parts of an upload that ended with its process stay unseen in the bucket until a rule of its owner takes them away (S3:
AbortIncompleteMultipartUpload; Azure does so by itself after a week).
"""

from __future__ import annotations

import errno
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, S3Store

from gateway.edges.objects import Entry, ObjectStore
from gateway.errors import Missing, OutgateError, TryLater, WillNotDo

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

PART = 5 * 1_048_576  # octets of one part: the least that S3 takes, of which it takes 10,000
PIECE = 262_144  # octets taken from an answer at a time
TRIES = 3  # at the same octet of a stream

_RETRY: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}
_TIMES: ClientConfig = {"connect_timeout": "5s", "read_timeout": "30s", "timeout": "120s"}
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
_NO_CREDENTIALS = "there are no credentials; set [vault] account and secret_file, or give this machine an identity"
_ELSEWHERE = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"})
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"})


@dataclass(frozen=True, slots=True)
class Access:
    """How a bucket is reached. What is "" is as the environment (AWS_*, AZURE_*) or the machine's own identity has it."""

    endpoint: str = ""  # https://..., for what is not Amazon's or Azure's own
    region: str = ""
    account: str = ""  # S3: the access key id; Azure: the storage account
    secret: str = ""  # S3: the secret access key; Azure: an account key, or a shared access signature
    ca: bytes = b""  # PEM, beside the system's roots
    allow_http: bool = False  # to this machine only: the settings see to it

    def __repr__(self) -> str:
        return f"Access({self.endpoint}, {self.account})"  # never the secret


def s3(bucket: str, prefix: str, access: Access) -> Cloud:
    """Amazon's, or another that speaks its language. Raises WillNotDo: these settings make no sense to it."""
    given = {"region": access.region, "endpoint": access.endpoint, "access_key_id": access.account, "secret_access_key": access.secret}
    config: Any = {name: value for name, value in given.items() if value}
    config["disable_bulk_delete"] = True  # one request for each is understood everywhere, and there are never many
    try:
        store = S3Store(bucket, prefix=prefix or None, config=config, client_options=_client(access), retry_config=_RETRY)
    except (BaseError, ValueError) as error:
        raise _unfit(error) from error
    return Cloud(store, f"s3://{bucket}/{prefix}".rstrip("/"))


def azure(container: str, prefix: str, access: Access) -> Cloud:
    """Azure's blob storage. Raises WillNotDo: these settings make no sense to it."""
    secret = "sas_key" if "sig=" in access.secret else "account_key"
    given = {"endpoint": access.endpoint, "account_name": access.account, secret: access.secret}
    config: Any = {name: value for name, value in given.items() if value}
    try:
        store = AzureStore(container, prefix=prefix or None, config=config, client_options=_client(access), retry_config=_RETRY)
    except (BaseError, ValueError) as error:
        raise _unfit(error) from error
    return Cloud(store, f"az://{container}/{prefix}".rstrip("/"))


class Cloud(ObjectStore):
    """ObjectStore over a bucket."""

    threads = 32  # most of the time of a call is waiting
    check_seconds = 15.0

    def __init__(self, store: S3Store | AzureStore, name: str) -> None:
        self._store = store
        self._name = name

    def __str__(self) -> str:
        return self._name

    def put(self, key: str, pieces: Iterator[bytes]) -> None:
        with self._translated(writing=True):
            start, more = _gathered(pieces)
            if more is None:
                self._create(key, start)
            else:
                obstore.put(self._store, key, chain((start, more), pieces), use_multipart=True, chunk_size=PART, max_concurrency=2)

    def replace(self, key: str, octets: bytes) -> None:
        with self._translated(writing=True):
            obstore.put(self._store, key, octets, use_multipart=False)

    def head(self, key: str, octets: int) -> tuple[bytes, int]:
        with self._translated():
            found = obstore.get(self._store, key, options={"range": (0, octets)})
            return bytes(found.bytes()), found.meta["size"]

    def read(self, key: str, start: int, end: int) -> bytes:
        with self._translated():
            return bytes(obstore.get_range(self._store, key, start=start, end=end))

    def pieces(self, key: str, start: int) -> Iterator[bytes]:
        with self._translated():
            for piece in obstore.get(self._store, key, options={"range": {"offset": start}}).stream(min_chunk_size=PIECE):
                yield bytes(piece)

    async def stream(self, key: str, start: int, end: int, size: Callable[[], int]) -> AsyncIterator[bytes]:
        buffer, tries, wanted = bytearray(), 0, size()
        while start + len(buffer) < end:
            before = start + len(buffer)
            try:
                with self._translated():
                    answer = await obstore.get_async(self._store, key, options={"range": (before, end)})
                    async for piece in answer.stream(min_chunk_size=wanted):
                        buffer += piece
                        del piece  # a slow reader holds nothing twice
                        while len(buffer) >= wanted:
                            start += wanted
                            yield _taken(buffer, wanted)
                            wanted = size()
                break
            except TryLater:
                tries = 1 if start + len(buffer) > before else tries + 1
                if tries >= TRIES:
                    raise
        if buffer:
            yield bytes(buffer)

    def small(self, key: str) -> bytes | None:
        try:
            with self._translated():
                return bytes(obstore.get(self._store, key).bytes())
        except WillNotDo:
            return None

    def size(self, key: str) -> int:
        try:
            with self._translated():
                return obstore.head(self._store, key)["size"]
        except WillNotDo:
            return 0

    def delete(self, key: str) -> None:
        try:
            with self._translated():
                obstore.delete(self._store, key)
        except WillNotDo:  # it is not there
            return

    def walk(self, prefix: str) -> Iterator[Entry]:
        with self._translated():
            for some in obstore.list(self._store, prefix=prefix):
                for one in some:
                    yield Entry(one["path"], one["size"], one["last_modified"].timestamp())

    def forget_unfinished(self, before: float) -> None:
        """Nobody sees it there; a rule of the bucket takes it away."""

    def check(self) -> None:
        self.replace("probe", b"probe")

    def close(self) -> None:
        """Connections end with the store."""

    def _create(self, key: str, octets: bytes) -> None:
        try:
            obstore.put(self._store, key, octets, mode="create", use_multipart=False)
        except AlreadyExistsError:
            # Nobody else has this number: an attempt of ours arrived whose answer was lost, and obstore has asked again.
            if bytes(obstore.get(self._store, key).bytes()) != octets:
                raise

    @contextmanager
    def _translated(self, *, writing: bool = False) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            raise self._in_our_words(error, writing=writing) from error

    def _in_our_words(self, error: Exception, *, writing: bool) -> OutgateError:
        """Only the server's status and code: the rest names addresses, and may show a signature."""
        if isinstance(error, OSError) and error.errno is not None:  # of the octets that we were to put
            return TryLater(f"vault: {error.strerror}", "4.3.1" if error.errno == errno.ENOSPC else "4.3.0")
        text = str(error)
        status, code = (found[1] if (found := pattern.search(text)) else "" for pattern in (_STATUS, _CODE))
        said = " ".join(filter(None, (status, code))) or "no answer"
        where = f"vault {self._name}"
        if code in _NO_BUCKET:
            return TryLater(f"{where}: there is no such bucket ({said}); make it, or correct [vault] url")
        if isinstance(error, FileNotFoundError) and not writing:
            return Missing("there is no such object")
        if status == "416" or "Wanted range" in text:  # it ends before
            return WillNotDo("the object was changed or is not whole")
        if status == "507" or code in _FULL:
            return TryLater(f"{where} is full ({said})", "4.3.1")
        return TryLater(f"{where}: {_advice(status, code, text)} ({said})")


def _unfit(error: Exception) -> WillNotDo:
    return WillNotDo(f"[vault] cannot be used: {str(error).partition(chr(10))[0].rpartition('error: ')[2]}")


def _advice(status: str, code: str, text: str) -> str:
    """What is to be done. The first that fits."""
    found = (
        (code == "RequestTimeTooSkewed", "the clock of this machine is wrong"),
        (status == "301" or code in _ELSEWHERE, "the bucket is in another region; see [vault] region"),
        (status in {"401", "403"}, "it does not accept our key, or the key may not do this; see [vault] account and secret"),
        (status in {"429", "503"}, "it asks us to slow down"),
        (status, "it does not work now"),
        ("169.254.169.254" in text or "redential" in text, _NO_CREDENTIALS),
        ("InvalidCertificate" in text, "its certificate is not trusted; see [vault] ca"),
    )
    return next((says for fits, says in found if fits), "it cannot be reached; see [vault] endpoint and region")


def _client(access: Access) -> ClientConfig:
    client: ClientConfig = {**_TIMES, "allow_http": access.allow_http}
    if access.ca:
        client["root_certificate"] = access.ca
    return client


def _taken(buffer: bytearray, size: int) -> bytes:
    """The first octets of it, which are in it no more."""
    taken = bytes(memoryview(buffer)[:size])
    del buffer[:size]
    return taken


def _gathered(pieces: Iterator[bytes]) -> tuple[bytes, bytes | None]:
    """Enough for one part, and the piece behind it; None when that is all."""
    start: list[bytes] = []
    size = 0
    for piece in pieces:
        if size + len(piece) > PART:
            return b"".join(start), piece
        start.append(piece)
        size += len(piece)
    return b"".join(start), None
