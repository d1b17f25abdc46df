"""Microsoft's sign-in service and Graph, as their documents describe them: https, stateful, on a port of its own.

    with graph() as peer: ... peer.settings(), peer.trouble("range", Reply(429, retry_after="2")), peer.opened(url, who)

It keeps a drive: folders, files, upload sessions, copies, sharing links and who may open them. Tokens are given for an assertion that the
certificate's key has signed (RFC 7523, PS256), and end. What a stage does instead of what is right is scripted, as in https.py.
Stages: discovery token drive find folder children session range status copy monitor link permission grant permissions revoke delete.
"""

import base64
import contextlib
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, reduce
from operator import xor
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.peers import folder
from tests.peers.https import Do, Dropped, Handler, Peer, Reply, served

TENANT, CLIENT = "ct.example", "11111111-2222-3333-4444-555555555555"
UNIT = 320 * 1024
MOST_OF_A_RANGE = 60 * 1024 * 1024


@dataclass
class Item:
    id: str
    name: str
    parent: str
    octets: bytes | None = None  # None: a folder
    permissions: dict[str, "Permission"] = field(default_factory=dict)


@dataclass
class Permission:
    id: str
    scope: str
    url: str
    until: str | None
    people: set[str] = field(default_factory=set)


@dataclass
class Session:
    parent: str
    name: str
    size: int
    received: int = 0
    octets: bytearray = field(default_factory=bytearray)


class Graph(Peer):
    """What the test sees."""

    def __init__(self, directory: Path, port: int | None) -> None:
        super().__init__(directory, port)
        self.pages_at = self.url
        self.items: dict[str, Item] = {"root": Item("root", "root", "")}
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[str, float] = {}
        self.ranges: list[tuple[int, int]] = []  # what PUTs carried
        self.authorised_ranges = 0  # PUTs that had an Authorization header, which they must not
        self.room = 1 << 40
        self.token_seconds = 3600.0
        self.latest = timedelta(days=3650)  # the longest that a link lasts: the tenant's own rule
        self.earliest: timedelta | None = None  # links last at least so long, whatever was asked
        self.ignores_expiry = False
        self.hashes = True
        self.strangers: set[str] = set()  # whom it does not let in
        self.grants_new_url = False
        self.can_delete_for_good = True
        self.recycle_bin: list[Item] = []
        self.spoils = False  # the last octet of what it takes
        self.forgets_octets = False  # they are only counted: for tests of our own memory
        self.now = lambda: datetime.now(UTC)
        self.go = threading.Event()
        self._number = 0
        self._make_certificate()

    def settings(self, **rest: object) -> dict[str, object]:
        """[place.NAME] for it."""
        return {
            "kind": "onedrive",
            "tenant": TENANT,
            "client_id": CLIENT,
            "key": str(self.directory / "app.key"),
            "cert": str(self.directory / "app.pem"),
            "user": "files@ct.example",
            "login": self.url,
            "graph": f"{self.url}/v1.0",
            "ca": str(self.directory / "ca.pem"),
            **rest,
        }

    def files(self) -> dict[str, bytes]:
        """Every file of the drive, by its path."""
        return {self.path(item): item.octets for item in self.items.values() if item.octets is not None}

    def path(self, item: Item) -> str:
        return f"{self.path(self.items[item.parent])}/{item.name}" if item.parent else ""

    def opened(self, url: str, who: str = "") -> dict[str, bytes] | None:
        """What a browser gets for a link; None: it does not open for them (any more)."""
        for item in self.items.values():
            for permission in item.permissions.values():
                if permission.url == url:
                    ended = permission.until is not None and datetime.fromisoformat(permission.until) <= self.now()
                    if ended or (permission.scope == "users" and who.lower() not in permission.people):
                        return None
                    return {one.name: one.octets for one in self.items.values() if one.parent == item.id and one.octets is not None}
        return None

    def new_id(self, kind: str) -> str:
        self._number += 1
        return f"01{kind.upper()}{self._number:06d}"

    def child(self, parent: str, name: str) -> Item | None:
        return next((one for one in self.items.values() if one.parent == parent and one.name.casefold() == name.casefold()), None)

    def used(self) -> int:
        return sum(len(item.octets or b"") for item in self.items.values())

    def below(self, item: Item) -> list[Item]:
        return [item, *(deeper for one in list(self.items.values()) if one.parent == item.id for deeper in self.below(one))]

    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.directory / "app.pem").read_bytes())

    def _make_certificate(self) -> None:
        if (self.directory / "app.pem").exists():
            return
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "outgate")])
        begun = datetime.now(UTC) - timedelta(days=1)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begun, begun + timedelta(days=30))
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.directory / "app.key").write_bytes(private)
        (self.directory / "app.key").chmod(0o600)
        (self.directory / "app.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@contextmanager
def graph(port: int | None = None) -> Iterator[Graph]:
    with folder("graph") as directory:
        peer = Graph(directory, port)
        with served(peer, _Handler):
            yield peer


class _Handler(Handler):
    peer: Graph

    def route(self, method: str) -> None:
        url = urlsplit(self.path)
        path, peer = unquote(url.path), self.peer
        found = ((stage, act, re.fullmatch(pattern, path)) for verb, pattern, stage, act in _ROUTES if verb == method)
        stage, act, match = next((one for one in found if one[2]), ("", None, None))
        if match is None:
            self._read()
            self.say(404, {"error": {"code": "itemNotFound"}})
            return
        what = peer.next(stage)
        if what is Do.HALF:
            self.rfile.read(int(self.headers["Content-Length"]) // 2)
            raise Dropped
        body = self._read()
        if what is Do.DROP:
            raise Dropped
        if isinstance(what, Reply):
            self.say(what.status, {"error": {"code": what.code, "message": "b@university.example: plan.docx"}}, what.headers)
            return
        if path.startswith("/v1.0/") and not self._may():
            self.say(401, {"error": {"code": "InvalidAuthenticationToken"}})
            return
        with contextlib.nullcontext() if what is Do.WAIT else peer.lock:
            status, data, extra = act(self, match, body, what)
        if what is Do.DO_AND_DROP:
            raise Dropped
        self.say(status, data, extra)

    def _may(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.peer.tokens.get(token, 0.0) > time.monotonic()

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            msg = "the length of a request must be known"
            raise AssertionError(msg)
        return self.body(int(self.headers.get("Content-Length", 0)))

    # --- the sign-in service ------------------------------------------------------------------------------------------

    def discovery(self, match, body, what):
        base = f"{self.peer.url}/{TENANT}"
        return (
            200,
            {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            },
            {},
        )

    def token(self, match, body, what):
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        certificate = self.peer.certificate()
        try:
            claims = jwt.decode(
                form["client_assertion"],
                certificate.public_key(),
                algorithms=["PS256"],
                audience=f"{self.peer.url}/{TENANT}/oauth2/v2.0/token",
            )
        except jwt.InvalidTokenError:
            return 401, {"error": "invalid_client", "error_codes": [700027], "error_description": "AADSTS700027: ..."}, {}
        thumb = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        assert jwt.get_unverified_header(form["client_assertion"])["x5t#S256"].rstrip("=") == thumb
        assert claims["iss"] == claims["sub"] == form["client_id"] == CLIENT
        assert form["grant_type"] == "client_credentials"
        assert re.fullmatch(r"https://localhost:\d+/\.default", form["scope"])
        token = secrets.token_urlsafe(24)
        self.peer.tokens[token] = time.monotonic() + self.peer.token_seconds
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}, {}

    # --- the drive ----------------------------------------------------------------------------------------------------

    def drive(self, match, body, what):
        left = self.peer.room - self.peer.used()
        quota = {"remaining": max(0, left), "state": "normal" if left > 0 else "exceeded"}
        return 200, {"id": "b!drive", "driveType": "business", "name": "OneDrive", "quota": quota}, {}

    def find(self, match, body, what):
        item = self.peer.items["root"]
        for name in match[1].split("/"):
            item = self.peer.child(item.id, name) if item else None
        return (200, self._item(item), {}) if item else _absent()

    def named(self, match, body, what):
        item = self.peer.child(match[1], match[2])
        return (200, self._item(item), {}) if item else _absent()

    def make_folder(self, match, body, what):
        wanted = json.loads(body)
        assert wanted["@microsoft.graph.conflictBehavior"] == "fail"
        if match[1] not in self.peer.items:
            return _absent()
        if self.peer.child(match[1], wanted["name"]):
            return 409, {"error": {"code": "nameAlreadyExists"}}, {}
        item = Item(self.peer.new_id("dir"), wanted["name"], match[1])
        self.peer.items[item.id] = item
        return 201, self._item(item), {}

    def children(self, match, body, what):
        """Two on a page, so that pages are turned."""
        found = [self._item(item) for item in self.peer.items.values() if item.parent == match[1]]
        at = int(parse_qs(urlsplit(self.path).query).get("$skiptoken", ["0"])[0])
        page = {"value": found[at : at + 2]}
        if at + 2 < len(found):
            page["@odata.nextLink"] = f"{self.peer.pages_at}{urlsplit(self.path).path}?$top=200&$skiptoken={at + 2}"
        return 200, page, {}

    def delete_for_good(self, match, body, what):
        if not self.peer.can_delete_for_good:
            return 400, {"error": {"code": "notSupported"}}, {}
        return self._delete(match[1], for_good=True)

    def delete(self, match, body, what):
        return self._delete(match[1], for_good=False)

    def _delete(self, item_id, *, for_good):
        item = self.peer.items.get(item_id)
        if item is None:
            return _absent()
        for one in self.peer.below(item):
            del self.peer.items[one.id]
            if not for_good:
                self.peer.recycle_bin.append(one)
        return 204, None, {}

    # --- uploads ------------------------------------------------------------------------------------------------------

    def put_small(self, match, body, what):
        return 201, self._item(self._keep(match[1], match[2], body)), {}

    def begin(self, match, body, what):
        wanted = json.loads(body)["item"]
        assert wanted["name"] == match[2]
        if self.peer.used() + wanted["fileSize"] > self.peer.room:
            return 507, {"error": {"code": "quotaLimitReached"}}, {}
        name = secrets.token_urlsafe(12)
        self.peer.sessions[name] = Session(match[1], match[2], wanted["fileSize"])
        return (
            200,
            {"uploadUrl": f"{self.peer.url}/up/{name}", "expirationDateTime": "2030-01-01T00:00:00Z", "nextExpectedRanges": ["0-"]},
            {},
        )

    def range(self, match, body, what):
        session, peer = self.peer.sessions.get(match[1]), self.peer
        peer.authorised_ranges += "Authorization" in self.headers
        if what is Do.FORGET:
            peer.sessions.pop(match[1], None)
            session = None
        if session is None:
            return _absent()
        start, end, size = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self.headers["Content-Range"]).groups())
        peer.ranges.append((start, end))
        assert size == session.size
        assert len(body) == end - start + 1 <= MOST_OF_A_RANGE
        assert end + 1 == size or len(body) % UNIT == 0, "a range is a multiple of 320 KiB"
        if start != session.received:
            return 416, {"error": {"code": "invalidRange"}}, {}
        if what is Do.WAIT:
            peer.go.wait(60)
        session.received = 0 if what is Do.LOSE else end + 1
        if not peer.forgets_octets:
            session.octets[start:] = body
        if session.received < size:
            return 202, self._status(session), {}
        del peer.sessions[match[1]]
        octets = bytes(session.octets[:-1]) + b"!" if peer.spoils else bytes(session.octets)
        return 201, self._item(self._keep(session.parent, session.name, octets)) | {"size": size}, {}

    def status(self, match, body, what):
        session = None if what is Do.FORGET else self.peer.sessions.get(match[1])
        return (200, self._status(session), {}) if session else _absent()

    def _status(self, session):
        return {"expirationDateTime": "2030-01-01T00:00:00Z", "nextExpectedRanges": [f"{session.received}-"]}

    def _keep(self, parent, name, octets):
        """Conflict behaviour `replace`: the same item."""
        item = self.peer.child(parent, name)
        if item is None:
            item = Item(self.peer.new_id("file"), name, parent)
            self.peer.items[item.id] = item
        item.octets = octets
        return item

    def copy(self, match, body, what):
        wanted, item = json.loads(body), self.peer.items.get(match[1])
        if item is None:
            return _absent()
        parent = wanted["parentReference"]["id"]
        if self.peer.child(parent, wanted["name"]):
            return 409, {"error": {"code": "nameAlreadyExists"}}, {}
        made = self._keep(parent, wanted["name"], item.octets)
        return 202, None, {"Location": f"{self.peer.url}/monitor/{made.id}"}

    def monitor(self, match, body, what):
        done = self.peer.seen["monitor"] % 2 == 0
        return (
            (200, {"status": "completed", "resourceId": match[1]}, {})
            if done
            else (202, {"status": "inProgress", "percentageComplete": 40.0}, {})
        )

    # --- links --------------------------------------------------------------------------------------------------------

    def link(self, match, body, what):
        wanted, item, peer = json.loads(body), self.peer.items.get(match[1]), self.peer
        if item is None:
            return _absent()
        assert wanted["type"] == "view"
        old = next((one for one in item.permissions.values() if one.scope == wanted["scope"]), None)
        if old is not None:  # "the existing sharing link will be returned", with the expiry that it has
            return 200, self._permission(old), {}
        until = datetime.fromisoformat(wanted["expirationDateTime"])
        until = min(until, peer.now() + peer.latest)
        until = max(until, peer.now() + peer.earliest) if peer.earliest is not None else until
        name = peer.new_id("perm")
        text = None if peer.ignores_expiry else until.strftime("%Y-%m-%dT%H:%M:%SZ")
        made = Permission(name, wanted["scope"], f"https://ct.sharepoint.example/:f:/g/{secrets.token_urlsafe(24)}", text)
        item.permissions[name] = made
        return 201, self._permission(made), {}

    def permission(self, match, body, what):
        found = self.peer.items[match[1]].permissions.get(match[2]) if match[1] in self.peer.items else None
        return (200, self._permission(found), {}) if found else _absent()

    def permissions(self, match, body, what):
        item = self.peer.items.get(match[1])
        if item is None:
            return _absent()
        inherited = [{"id": "owner", "roles": ["owner"], "inheritedFrom": {"id": "root"}}]
        return 200, {"value": [*inherited, *map(self._permission, item.permissions.values())]}, {}

    def grant(self, match, body, what):
        wanted = json.loads(body)
        url = base64.urlsafe_b64decode(match[1].removeprefix("u!") + "==").decode()
        assert wanted["roles"] == ["read"]
        for item in self.peer.items.values():
            for one in item.permissions.values():
                if one.url == url:
                    people = {row["email"].lower() for row in wanted["recipients"]}
                    if people & self.peer.strangers:
                        return 400, {"error": {"code": "sharingFailed"}}, {}
                    one.people |= people
                    if self.peer.grants_new_url:
                        one.url += "-new"
                    return 200, {"value": [self._permission(one)]}, {}
        return _absent()

    def revoke(self, match, body, what):
        if match[1] not in self.peer.items or self.peer.items[match[1]].permissions.pop(match[2], None) is None:
            return _absent()
        return 204, None, {}

    def _permission(self, one):
        row = {"id": one.id, "roles": ["read"], "link": {"type": "view", "scope": one.scope, "webUrl": one.url}}
        return row | ({"expirationDateTime": one.until} if one.until else {})

    def _item(self, item):
        row = {"id": item.id, "name": item.name, "size": len(item.octets or b""), "parentReference": {"id": item.parent}}
        if item.octets is None:
            return row | {"folder": {"childCount": 0}}
        return row | {"file": {"hashes": {"quickXorHash": quick_xor(item.octets)} if self.peer.hashes else {}}}


@lru_cache(maxsize=32)
def quick_xor(octets: bytes) -> str:
    """Column by column: every 160th octet falls on the same place of the ring."""
    ring, full = 0, (1 << 160) - 1
    for column in range(min(160, len(octets))):
        shifted = reduce(xor, octets[column::160]) << (column * 11 % 160)
        ring ^= (shifted & full) ^ (shifted >> 160)
    return base64.b64encode((ring ^ len(octets) << 96).to_bytes(20, "little")).decode()


def _absent():
    return 404, {"error": {"code": "itemNotFound"}}, {}


_D = r"/v1\.0/drives/b!drive"
_ROUTES = (
    ("GET", rf"/{TENANT}/v2\.0/\.well-known/openid-configuration", "discovery", _Handler.discovery),
    ("POST", rf"/{TENANT}/oauth2/v2\.0/token", "token", _Handler.token),
    ("GET", r"/v1\.0/(?:users/files@ct\.example/drive|drives/b!drive|sites/ct\.example:/sites/files:/drive)", "drive", _Handler.drive),
    ("GET", rf"{_D}/root:/(.+)", "find", _Handler.find),
    ("GET", rf"{_D}/items/([^/:]+):/([^/]+):", "find", _Handler.named),
    ("POST", rf"{_D}/items/([^/]+)/children", "folder", _Handler.make_folder),
    ("GET", rf"{_D}/items/([^/]+)/children", "children", _Handler.children),
    ("PUT", rf"{_D}/items/([^/:]+):/([^/]+):/content", "small", _Handler.put_small),
    ("POST", rf"{_D}/items/([^/:]+):/([^/]+):/createUploadSession", "session", _Handler.begin),
    ("PUT", r"/up/([^/]+)", "range", _Handler.range),
    ("GET", r"/up/([^/]+)", "status", _Handler.status),
    ("POST", rf"{_D}/items/([^/]+)/copy", "copy", _Handler.copy),
    ("GET", r"/monitor/([^/]+)", "monitor", _Handler.monitor),
    ("POST", rf"{_D}/items/([^/]+)/createLink", "link", _Handler.link),
    ("GET", rf"{_D}/items/([^/]+)/permissions", "permissions", _Handler.permissions),
    ("GET", rf"{_D}/items/([^/]+)/permissions/([^/]+)", "permission", _Handler.permission),
    ("DELETE", rf"{_D}/items/([^/]+)/permissions/([^/]+)", "revoke", _Handler.revoke),
    ("POST", r"/v1\.0/shares/([^/]+)/permission/grant", "grant", _Handler.grant),
    ("POST", rf"{_D}/items/([^/]+)/permanentDelete", "delete", _Handler.delete_for_good),
    ("DELETE", rf"{_D}/items/([^/]+)", "delete", _Handler.delete),
)
