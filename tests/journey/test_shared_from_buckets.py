"""A file that travels by link, with the vault in a bucket of each cloud: from mail to last octet, under new keys, and to its end."""

import email
import email.policy
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx2
import pytest

from gateway.app.vaults import make_store
from gateway.config import load
from gateway.edges.vault import key_of
from tests.build import docx, message
from tests.journey.gateway import pack_in
from tests.journey.site import OWN, WORD, Site, site
from tests.journey.test_shares import DECIDES, LINK
from tests.peers import folder, free_port, wait_until
from tests.peers.azure import azure
from tests.peers.s3 import s3

pytestmark = pytest.mark.peer

ANN, KIM = f"ann@{OWN}", "kim@elsewhere.example"


@pytest.fixture(params=[s3, azure], ids=["s3", "azure"])
def running(request: pytest.FixtureRequest) -> Iterator[Site]:
    with ExitStack() as stack:
        server = stack.enter_context(request.param())
        pack = pack_in(stack.enter_context(folder("pack")), {}, replace={"  own-link:": LINK})
        port = free_port()
        extra = f'[place.own]\nkind = "own"\n[portal]\nurl = "http://127.0.0.1:{port}"\naddress = "127.0.0.1:{port}"\n'
        yield stack.enter_context(site(pack=pack, extra=extra, vault=server.settings("a/prefix")))


class Visitor:
    """A browser without scripts."""

    def __init__(self, url: str) -> None:
        self.client = httpx2.Client(base_url=url, timeout=60, trust_env=False, follow_redirects=True)
        self._page = self.client.get("/")

    def post(self, **fields: str) -> str:
        """The form of the page; the address it leads to."""
        action = re.search(r'<form[^>]*method="post"[^>]*action="([^"]*)"|<form[^>]*action="([^"]*)"[^>]*method="post"', self._page.text)
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', self._page.text))
        to = next(filter(None, action.groups())) if action else self._page.url.path
        said = {"sec-fetch-site": "same-origin", "origin": "null"}
        self._page = self.client.post(to, data={"csrf": csrf, **fields}, headers=said)
        assert self._page.status_code == 200, self._page.text
        return str(self._page.url.path)


def text_of(octets: bytes) -> str:
    found = email.message_from_bytes(octets, policy=email.policy.default).get_body(("plain",))
    return str(found.get_content()) if found is not None else ""  # type: ignore[attr-defined]


def test_a_shared_file_is_fetched_from_the_bucket_whole_and_in_parts_under_new_keys_and_its_end_empties_the_bucket(running: Site) -> None:
    gateway = running.gateway
    file = docx([os.urandom(300_000).hex()], header="CONFIDENTIAL")
    digest = hashlib.sha256(file).digest()
    with running.hop() as hop:
        octets = message(ANN, [KIM], "The plan", "See there.", attachments=[("plan.docx", file, WORD)])
        (answer,) = running.send(ANN, [KIM], octets)
        assert answer.startswith("250"), answer
        (copy,) = [taken.octets for taken in hop.wait_messages()]
    ((url, token),) = set(re.findall(r"(http://127\.0\.0\.1:\d+)/#([a-z2-7]{32})", text_of(copy)))
    (share,) = json.loads(gateway.run("share", "list", "--json"))
    ((object_id,),) = gateway.rows("SELECT object_id FROM share_file")
    visitor = Visitor(url)
    with running.hop() as hop:
        visitor.post(key=token)
        (mail,) = [taken.octets for taken in hop.wait_messages()]
    code = re.search(r"^ +(\d{4}) (\d{4})\r?$", text_of(mail), re.MULTILINE)
    assert code is not None
    assert visitor.post(code="".join(code.groups())) == f"/{share['share']}/files"

    def fetch(**headers: str) -> httpx2.Response:
        return visitor.client.get(f"/{share['share']}/files/1", headers=headers)

    assert hashlib.sha256(fetch().content).digest() == digest
    assert "object" in gateway.run("keys", "rotate", "shares")
    part = fetch(range="bytes=100000-200000")
    assert (part.status_code, part.content) == (206, file[100_000:200_001])
    an_hour_ago = time.time() - 3601
    os.utime(gateway.directory / "var" / "keys" / "shares-2.key", (an_hour_ago, an_hour_ago))
    assert "shares-1 was deleted" in gateway.run("keys", "rotate", "shares", "--retire")
    again = fetch(range="bytes=200001-")
    assert (again.status_code, again.content) == (206, file[200_001:])
    assert "plan.docx" in gateway.run("share", "show", share["share"]), "the name is sealed by the new key"

    store = make_store(load(gateway.config))
    right = store.read(key_of(object_id), 0, 10_000_000)
    store.replace(key_of(object_id), right[:-70_000] + bytes([right[-70_000] ^ 1]) + right[-69_999:])
    assert not _has(fetch, file), "what was changed in the bucket is not served"
    store.replace(key_of(object_id), right)

    assert gateway.command("vault", "check")[0] == 0
    gateway.run("share", "revoke", share["share"], *DECIDES)
    wait_until(lambda: not [*store.walk("shares"), *store.walk("wraps/shares")], "the bucket is empty again")
    assert fetch().status_code == 403
    store.close()
    visitor.client.close()


def _has(fetch: object, file: bytes) -> bool:
    with suppress(httpx2.TransportError):  # it breaks off in the middle
        return bool(fetch().content == file)  # type: ignore[operator]
    return False
