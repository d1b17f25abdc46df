"""Stand-ins for places and for what is known of shares: one place in memory, whose links end in a word for each person."""

from dataclasses import replace

from gateway.errors import Revoked, TryLater, Unusable
from gateway.model.share import Offer, Placed, Standing, revoked_of


class MemoryShares:
    """ports.Shares."""

    def __init__(self, luck) -> None:
        self._luck = luck
        self.shares: dict[str, object] = {}  # by id
        self.undone: list[tuple[str, frozenset]] = []

    def of_key(self, key):
        return next((share for share in self.shares.values() if share.key == key), None)

    async def find(self, key):
        with self._luck.call("shares.find"):
            return self.of_key(key)

    async def taken_back(self, key, people):
        with self._luck.call("shares.taken_back"):
            there = self.of_key(key)
            return frozenset(revoked_of(there, people) if there else ())

    async def get(self, share_id):
        return self.shares.get(share_id)

    async def issue(self, share):
        with self._luck.call("shares.issue"):
            there = self.of_key(share.key)
            if there is not None:
                grants = {(grant.key, grant.role): grant for grant in there.grants}
                for grant in share.grants:
                    before = grants.get((grant.key, grant.role), grant)
                    grants[grant.key, grant.role] = replace(grant, id=before.id, state=Standing.OPEN, is_told=before.is_told)
                files = {file.id: file for file in (*there.files, *share.files)}
                share = replace(share, id=there.id, grants=tuple(grants.values()), files=tuple(files.values()))
            self.shares[share.id] = share
            return share

    async def undo(self, share_id, keys):
        with self._luck.call("shares.undo"):
            if share_id in self.shares:
                self.undone.append((share_id, keys))
                self.take_back(share_id, keys)

    def take_back(self, share_id, keys):
        self._change(share_id, keys, state=Standing.UNDONE)

    def revoke(self, share_id, keys):
        self.end(share_id, keys, Standing.REVOKED)

    def end(self, share_id, keys, standing):
        self._change(share_id, keys, state=standing)

    def tell(self, told, untold):
        for share_id, key in told:
            self._change(share_id, {key}, is_told=True)
        for share_id, key in untold:
            self._change(share_id, {key}, is_told=False)

    def _change(self, share_id, keys, **change):
        share = self.shares.get(share_id)
        if share is None:
            return  # forgotten: of its rows none is changed
        mine = {grant.id for grant in share.grants if grant.key in keys and grant.role == "recipient"}
        grants = tuple(replace(grant, **change) if grant.id in mine else grant for grant in share.grants)
        self.shares[share_id] = replace(share, grants=grants)


class MemoryPlace:
    """ports.Place. `script`: what it does with one parcel after the other; then it keeps them.

    later: nothing is kept; late: it is kept, and nobody is told; unusable: not for anybody; unusable-for-first: for one of them;
    revoked, revoked-for-first: taken back; bug.
    """

    def __init__(self, shares: MemoryShares, script=()) -> None:
        self._shares = shares
        self._script = list(script)
        self.files: dict[tuple[str, str], bytes] = {}  # by share and file
        self.puts = 0

    async def put(self, parcel, deadline):
        self.puts += 1
        word = self._script.pop(0) if self._script else ""
        if word == "later":
            raise TryLater("the place is down")
        if word == "unusable":
            raise Unusable("the place is dead")
        if word == "unusable-for-first":
            raise Unusable("not for this one", (parcel.share.grants[0].key,))
        if word == "unusable-for-a-stranger":
            raise Unusable("not for this one", ("nobody@else.example",))
        if word == "revoked":
            raise Revoked("it was revoked")
        if word == "revoked-for-first":
            raise Revoked("it was revoked", (parcel.share.grants[0].key,))
        if word == "bug":
            raise KeyError("a bug")
        contents = {file.id: content.read(0, content.octets) for file in parcel.share.files for content in (parcel.contents[file.id],)}
        share = await self._shares.issue(parcel.share)
        self.files |= {(share.id, name): octets for name, octets in contents.items()}
        if word == "late":
            raise TryLater("the place did not answer")
        mine = {(grant.key, grant.role) for grant in parcel.share.grants}
        grants = tuple(grant for grant in share.grants if (grant.key, grant.role) in mine)
        offers = tuple(self._offer(share, grant) for grant in grants if grant.role == "recipient")
        sender = next((self._offer(share, grant) for grant in grants if grant.role == "sender"), None)
        return Placed(replace(share, grants=grants), offers, sender)

    def _offer(self, share, grant):
        return Offer(grant.address, link_of(share, grant), share.expires_at, "own", {"access_key": f"key-{grant.id}"})

    async def withdraw(self, share, whom=None):
        for file in share.files:
            self.files.pop((share.id, file.id), None)

    async def check(self):
        return

    async def close(self):
        return


def link_of(share, grant) -> str:
    return f"https://share.own.example/#{share.id}.{grant.id}"
