"""A Cryptshare server's REST API 1.12, as its documents describe it: https, stateful, on a port of its own.

    with cryptshare() as peer: ... peer.settings(), peer.trouble("content", Reply(503)), peer.opened(link, password)

Each request needs the headers of the API and our client id; what is done in a sender's name needs a token of that very sender.
What a stage does instead of what is right is scripted, as in https.py. Stages: verification token policy password begin edit session file
content drop finish look list revoke.
"""

import json
import re
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.peers import folder
from tests.peers.https import Do, Dropped, Handler, Peer, Reply, served

CLIENT_ID = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(60))


@dataclass
class Sent:
    """A session, which becomes a transfer."""

    id: str
    sender: str
    recipients: dict[str, str]  # mail to transfer id
    settings: dict = field(default_factory=dict)
    files: dict[str, dict] = field(default_factory=dict)
    octets: dict[str, bytes] = field(default_factory=dict)
    state: str = ""  # "" while it is a session
    looks: int = 0


class Server(Peer):
    """What the test sees."""

    def __init__(self, directory: Path, port: int | None) -> None:
        super().__init__(directory, port)
        self.sent: dict[str, Sent] = {}
        self.tokens: dict[str, str] = {}  # token to sender
        self.is_registered = True
        self.forbidden_senders: set[str] = set()
        self.refused_recipients: set[str] = set()
        self.policy: dict = {"maxRetentionPeriod": 30, "maxTotalSize": 2 * 1024**3, "showFileNamesChangeable": True}
        self.modes = ["MANUAL", "GENERATED", "NONE"]
        self.least_password = 8
        self.says_links = True
        self.lengthens = timedelta()
        self.outcome = "ACTIVE"
        self.mails: list[str] = []  # recipients to whom it has sent mail by itself
        self.now = lambda: datetime.now(UTC)
        (directory / "client.id").write_text(CLIENT_ID)

    def settings(self, **rest: object) -> dict[str, object]:
        """[place.NAME] for it."""
        return {
            "kind": "cryptshare",
            "url": self.url,
            "client_id": str(self.directory / "client.id"),
            "ca": str(self.directory / "ca.pem"),
            **rest,
        }

    def transfers(self) -> list[Sent]:
        return [one for one in self.sent.values() if one.state]

    def opened(self, link: str, password: str = "") -> dict[str, bytes] | None:
        """What a browser gets for a link; None: it does not open (any more)."""
        for one in self.transfers():
            if any(link == self.link(own) for own in one.recipients.values()):
                config = one.settings["securityMode"]["config"]
                ended = datetime.fromisoformat(one.settings["expirationDate"]) <= self.now()
                if one.state != "ACTIVE" or ended or config.get("password", "") != password:
                    return None
                return {row["fileName"]: one.octets[file] for file, row in one.files.items()}
        return None

    def link(self, own: str) -> str:
        return f"{self.url}/Start?transferId={own}"


@contextmanager
def cryptshare(port: int | None = None) -> Iterator[Server]:
    with folder("cryptshare") as directory:
        peer = Server(directory, port)
        with served(peer, _Handler):
            yield peer


class _Handler(Handler):
    peer: Server

    def route(self, method: str) -> None:
        peer, path = self.peer, unquote(urlsplit(self.path).path)
        found = ((stage, named, act, re.fullmatch(pattern, path)) for verb, pattern, stage, named, act in _ROUTES if verb == method)
        stage, named, act, match = next((one for one in found if one[3]), ("", False, None, None))
        octets = int(self.headers.get("Content-Length", 0))
        what = peer.next(stage) if match else None
        if what is Do.HALF:
            self.rfile.read(octets // 2)
            raise Dropped
        body = self.body(octets)
        if match is None:
            self._refuse(404, 1404)
        elif what is Do.DROP:
            raise Dropped
        elif isinstance(what, Reply):
            self._refuse(what.status, what.code, what.headers)
        elif not self._has_headers() or (named and peer.tokens.get(self.headers.get("X-CS-VerificationToken", "")) != match[1]):
            self._refuse(401, 2001)
        else:
            with peer.lock:
                status, data, extra = act(self, match, body)
            if what is Do.DO_AND_DROP:
                raise Dropped
            if status >= 400:
                self._refuse(status, data, extra)
            else:
                self.say(status, None if data is None else {"data": data}, extra)

    def _has_headers(self) -> bool:
        version = (self.headers.get("X-CS-MajorApiVersion"), self.headers.get("X-CS-MinimumMinorApiVersion"))
        return version == ("1", "12") and self.headers.get("X-CS-ClientId") == CLIENT_ID

    def _refuse(self, status: int, code: object, extra: dict[str, str] | None = None) -> None:
        self.say(status, {"errorCode": code, "errorMessage": "b@university.example may not have plan.pdf"}, extra)

    # --- who ----------------------------------------------------------------------------------------------------------

    def verification(self, match, body):
        return 200, {"verified": False, "verificationMethods": ["clientId"] if self.peer.is_registered else ["email"]}, {}

    def token(self, match, body):
        if not self.peer.is_registered:
            return 403, 2003, {}
        token = secrets.token_urlsafe(16)
        self.peer.tokens[token] = match[1]
        return 200, {"token": token}, {}

    def policy(self, match, body):
        peer, recipients = self.peer, json.loads(body)["recipients"]
        if match[1] in peer.forbidden_senders:
            return 403, 4001, {}
        failed = [mail for mail in recipients if mail.lower() in peer.refused_recipients]
        if failed:
            return 200, {"allowed": False, "failedRecipients": failed}, {}
        modes = [{"name": "ONE_TIME_PASSWORD", "config": {"allowedPasswordModes": peer.modes}}, {"name": "QUICK"}]
        return 200, {"allowed": True, "settings": {**peer.policy, "securityModes": modes}}, {}

    def password(self, match, body):
        return 200, {"valid": len(json.loads(body)["password"]) >= self.peer.least_password}, {}

    # --- sessions -----------------------------------------------------------------------------------------------------

    def begin(self, match, body):
        wanted = json.loads(body)
        assert wanted["sender"]["name"]
        assert wanted["sender"]["phone"]
        people = [row["mail"] for kind in ("to", "cc", "bcc") for row in wanted["recipients"][kind]]
        number = len(self.peer.sent) + 1
        until = (self.peer.now() + timedelta(days=7)).isoformat(timespec="seconds")
        name = f"20261105-140600-{number:08d}"
        self.peer.sent[name] = Sent(name, match[1], {mail: secrets.token_hex(5) for mail in people}, {"expirationDate": until})
        return 201, None, {"Location": f"{self.peer.url}/api/users/{match[1]}/transfer-sessions/{name}"}

    def _session(self, match):
        found = self.peer.sent.get(match[2])
        return found if found is not None and found.sender == match[1] and not found.state else None

    def edit(self, match, body):
        session, wanted = self._session(match), json.loads(body)
        if session is None:
            return 404, 1404, {}
        if wanted["securityMode"]["config"]["passwordMode"] not in self.peer.modes:
            return 400, 4400, {}
        until = datetime.fromisoformat(wanted["expirationDate"])
        latest = self.peer.now() + timedelta(days=self.peer.policy.get("maxRetentionPeriod", 3650))
        if until > latest + timedelta(minutes=1):
            return 400, 4401, {}
        session.settings |= wanted | {"expirationDate": (until + self.peer.lengthens).isoformat(timespec="seconds")}
        return 204, None, {}

    def drop(self, match, body):
        if self._session(match) is None:
            return 404, 1404, {}
        del self.peer.sent[match[2]]
        return 204, None, {}

    def file(self, match, body):
        session, wanted = self._session(match), json.loads(body)
        if session is None:
            return 404, 1404, {}
        if wanted["fileName"] in {row["fileName"] for row in session.files.values()}:
            return 409, 4403, {}
        name = f"f{len(session.files) + 1}"
        session.files[name] = wanted
        return 201, {"fileId": name}, {"Location": f"{self.peer.url}{urlsplit(self.path).path}/{name}"}

    def content(self, match, body):
        session = self._session(match)
        if session is None:
            return 404, 1404, {}
        assert self.headers["Content-Type"] == "application/octet-stream"
        if match[3] in session.octets:
            return 409, 4409, {}
        if len(body) != session.files[match[3]]["size"]:
            return 400, 4402, {}
        session.octets[match[3]] = body
        return 204, None, {}

    def finish(self, match, body):
        session = self._session(match)
        if session is None:
            return 404, 1404, {}
        if not session.files or session.files.keys() != session.octets.keys():
            return 409, 4410, {}
        session.state = "PROCESSING"
        if session.settings.get("sendRecipientNotification", True):
            self.peer.mails += session.recipients
        return 201, None, {"Location": f"{self.peer.url}/api/users/{match[1]}/transfers/{match[2]}"}

    # --- transfers ----------------------------------------------------------------------------------------------------

    def look(self, match, body):
        found = self.peer.sent.get(match[2])
        if found is None or found.sender != match[1] or not found.state:
            return 404, 1404, {}
        found.looks += 1
        if found.state == "PROCESSING" and found.looks > 1:
            found.state = self.peer.outcome
        return 200, self._row(found), {}

    def list(self, match, body):
        query = parse_qs(urlsplit(self.path).query)
        assert query["active"] == ["true"]
        page, size = int(query["page"][0]), int(query["page-size"][0])
        mine = [self._row(one) for one in self.peer.transfers() if one.sender == match[1] and one.state in {"ACTIVE", "PROCESSING"}]
        return 200, mine[(page - 1) * size : page * size], {}

    def revoke(self, match, body):
        found, wanted = self.peer.sent.get(match[2]), json.loads(body)
        if found is None or found.sender != match[1]:
            return 404, 1404, {}
        assert wanted["status"]["state"] == "DELETED_BY_REVOCATION"
        assert wanted["revocationOptions"] == {"notifySender": False, "notifyRecipients": False}
        found.state = "DELETED_BY_REVOCATION"
        found.octets.clear()
        return 204, None, {}

    def _row(self, one):
        people = [
            {"mail": mail, "transferId": own} | ({"downloadUrl": self.peer.link(own)} if self.peer.says_links else {})
            for mail, own in one.recipients.items()
        ]
        transfer = {"notificationMessage": one.settings.get("notificationMessage", {}), "expirationDate": one.settings["expirationDate"]}
        return {"trackingId": one.id, "status": {"state": one.state, "recipients": people}, "transfer": transfer}


_U = r"/api/users/([^/]+)"
_ROUTES = (
    ("GET", rf"{_U}/verification", "verification", False, _Handler.verification),
    ("POST", rf"{_U}/verification/token", "token", False, _Handler.token),
    ("POST", rf"{_U}/transfer-policy", "policy", True, _Handler.policy),
    ("POST", r"/api/password", "password", False, _Handler.password),
    ("POST", rf"{_U}/transfer-sessions", "begin", True, _Handler.begin),
    ("PATCH", rf"{_U}/transfer-sessions/([^/]+)", "edit", True, _Handler.edit),
    ("DELETE", rf"{_U}/transfer-sessions/([^/]+)", "drop", True, _Handler.drop),
    ("POST", rf"{_U}/transfer-sessions/([^/]+)/files", "file", True, _Handler.file),
    ("PUT", rf"{_U}/transfer-sessions/([^/]+)/files/([^/]+)/content", "content", True, _Handler.content),
    ("POST", rf"{_U}/transfer-sessions/([^/]+)", "finish", True, _Handler.finish),
    ("GET", rf"{_U}/transfers/sent-transfers", "list", True, _Handler.list),
    ("GET", rf"{_U}/transfers/([^/]+)", "look", True, _Handler.look),
    ("PATCH", rf"{_U}/transfers/([^/]+)", "revoke", True, _Handler.revoke),
)
