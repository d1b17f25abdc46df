"""The life of a share, whatever happens in whatever order: who may open it, and that a link which opens leads to files that are there.

The operations are those of the database itself, on SQLite; the clock is turned by hand, and the vault is a set of names.
"""

import asyncio
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.edges import share_keeping, shares, visits
from gateway.edges.database import open_engine
from gateway.edges.keys import create_keys
from gateway.edges.operations import Request, carry_out
from gateway.edges.share_secrets import Secrets
from gateway.edges.store import Store
from gateway.edges.tables import metadata
from gateway.errors import TryLater, WillNotDo
from gateway.model.share import Standing, Wish, WishKind, is_open_for
from tests.edges.durable import TurnedClock, mail
from tests.edges.sharing import KEY, file, grant, session, share
from tests.laws import tries

pytestmark = pytest.mark.slow

PEOPLE = ("b@example.org", "c@example.org", "d@example.org")
SENDER = "a@derbyshire.gov.uk"
FILES = ("1", "2")
LIFE, IDLE = timedelta(days=60), timedelta(days=30)

some = st.sets(st.sampled_from(PEOPLE), min_size=1)


class Direct(Store):
    """The operations, each in a commit of its own, in this thread."""

    def __init__(self, folder: Path) -> None:
        super().__init__(open_engine(f"sqlite:///{folder}/outgate.db", writer="test", threads=1), 1)
        with self._engine.begin() as connection:
            metadata.create_all(connection)

    async def open(self, patience_seconds=10.0):
        return

    async def run(self, name, payload, timeout_seconds=10.0):
        (answer,) = carry_out(self._engine, [Request(name, payload)])
        if answer.error is not None:
            raise answer.error
        return answer.result

    def tell(self, name, payload, *, soon=True):
        carry_out(self._engine, [Request(name, payload, is_tell=True)])
        return 1

    async def read(self, query, *args, **kwargs):
        with self._engine.begin() as connection:
            return query(connection, *args, **kwargs)

    async def fetch(self, statement, parameters):
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement, parameters)]

    def is_settled(self, ticket):
        return True

    def when_settled(self, ticket, callback):
        callback()

    def _last_commit_age(self):
        return 0.0

    def _oldest_tell_age(self):
        return 0.0


class ShareLife(RuleBasedStateMachine):
    """A share and what is expected of it."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(prefix="og-life-")
        create_keys(Path(self._folder.name) / "keys")
        self._loop = asyncio.new_event_loop()
        self.clock = TurnedClock()
        store, secrets = Direct(Path(self._folder.name)), Secrets.of_folder(Path(self._folder.name) / "keys")
        self.store = store
        self.shares = shares.Shares(store, secrets, self.clock)
        self.keeping = share_keeping.ShareKeeping(store, secrets, self.clock)
        self.visits = visits.Visits(store, secrets)
        self._numbers = count(1)
        self.vault: set[str] = set()
        self.tokens: dict[str, str] = {}  # the first that each person got
        # What is expected.
        self.state: Standing | None = None
        self.is_withdrawn = True
        self.grants: dict[str, Standing] = {}
        self.opened: set[str] = set()
        self.dead: set[str] = set()  # tokens of shares that are forgotten
        self.taken_back: set[str] = set()  # from whom, in those
        self.ends = self.used = self.undone_at = self.clock.at

    def teardown(self) -> None:
        self.wait(self.store.close())
        self._loop.close()
        self._folder.cleanup()

    def wait(self, story):
        return self._loop.run_until_complete(story)

    # --- what happens -------------------------------------------------------------------------------------------------

    @initialize(people=some)
    def first(self, people) -> None:
        self.issue(people)

    @rule(people=some)
    def issue(self, people) -> None:
        """The message comes (again), as our own place does it: files first, then the row; what the row does not need goes."""
        objects = {name: f"shares-{next(self._numbers):032x}" for name in FILES}
        self.vault |= set(objects.values())
        number = f"7KQ-{next(self._numbers):03}"
        now = self.clock.at
        everybody = (*sorted(people), SENDER)
        grants = tuple(grant(one, "sender" if one == SENDER else "recipient", id=f"{number} {one}", files=FILES) for one in everybody)
        files = tuple(file(name, object_id=objects[name]) for name in FILES)
        wanted = share(number, made_at=now, expires_at=now + LIFE, idle=IDLE, files=files, grants=grants)
        refused = self._expected_refusal(people)
        if refused is not None:
            with pytest.raises(refused):
                self.wait(self.shares.issue(wanted, linked=True))
            self.vault -= set(objects.values())
            return
        made = self.wait(self.shares.issue(wanted, linked=True))
        self.vault -= set(objects.values()) - {each.object_id for each in made.files}
        self._issued(made, everybody, now)

    def _expected_refusal(self, people):
        is_over = all(state is Standing.REVOKED for state in self.grants.values()) and bool(self.grants)
        if is_over or any(self.grants.get(one) is Standing.REVOKED or one in self.taken_back for one in people):
            return WillNotDo
        return TryLater if self.state is Standing.PURGED and not self.is_withdrawn else None

    def _issued(self, made, everybody, now) -> None:
        tokens = self.wait(self.shares.tokens(made.id))
        for each in made.grants:
            assert self.tokens.setdefault(each.address, tokens[each.id]) == tokens[each.id], "the same link for ever"
        self.ends = max(self.ends, now + LIFE)
        self.used = now
        self.state = Standing.OPEN
        self.grants |= dict.fromkeys(everybody, Standing.OPEN)

    @precondition(lambda self: self.state is not None)
    @rule(people=some)
    def undo(self, people) -> None:
        (one,) = self.wait(self.shares.list(everything=True))
        self.wait(self.shares.undo(one.id, frozenset(people)))
        gone = {who for who in people if self.grants.get(who) is Standing.OPEN and who not in self.opened}
        self.grants |= dict.fromkeys(gone, Standing.UNDONE)
        if gone and not any(self.grants.get(who) is Standing.OPEN for who in PEOPLE):
            self.state, self.undone_at = Standing.UNDONE, self.clock.at
            self.grants[SENDER] = Standing.UNDONE

    @precondition(lambda self: self.state is not None)
    @rule(whom=st.none() | st.sampled_from(PEOPLE))
    def revoke(self, whom) -> None:
        (one,) = self.wait(self.shares.list(everything=True))
        was_open = self.wait(self.keeping.revoke(one.id, "officer", "", whom))
        there = {who for who, state in self.grants.items() if state in (Standing.OPEN, Standing.UNDONE) and whom in (None, who)}
        assert was_open == bool(there)
        self.grants |= dict.fromkeys(there, Standing.REVOKED)
        if there and not any(self.grants.get(who) in (Standing.OPEN, Standing.UNDONE) for who in PEOPLE):
            self.grants = dict.fromkeys(self.grants, Standing.REVOKED)
            self.state = Standing.REVOKED

    @rule(days=st.integers(1, 35))
    def turn(self, days) -> None:
        self.clock.turn(days=days)

    @rule()
    def keep(self) -> None:
        """The keeper's turn: what is over ends, what has ended is purged by its row."""
        self.wait(self.keeping.end(self.clock.at))
        if self.state is Standing.OPEN and not self._is_in_time:
            self.state = Standing.EXPIRED
            self.grants = {who: Standing.EXPIRED if state is Standing.OPEN else state for who, state in self.grants.items()}
        self.wait(self.keeping.purge(self.clock.at))
        is_late = self.state is Standing.UNDONE and self.clock.at - self.undone_at >= timedelta(days=1)
        if self.state in (Standing.EXPIRED, Standing.REVOKED) or is_late:
            self.state, self.is_withdrawn = Standing.PURGED, False
            self.grants = {who: Standing.PURGED if state is Standing.UNDONE else state for who, state in self.grants.items()}

    @rule()
    def withdraw(self) -> None:
        """After its turn the keeper tells the place, which deletes the files."""
        self.keep()
        waiting = self.wait(self.keeping.purge(self.clock.at))
        assert [one.state for one in waiting] == [Standing.PURGED] * (not self.is_withdrawn)
        for one in waiting:
            self.vault -= {each.object_id for each in one.files}
            self.wait(self.keeping.withdrawn(one.id))
            self.is_withdrawn = True

    @precondition(lambda self: self.state is not None)
    @rule()
    def forget(self) -> None:
        """An officer has it forgotten, once its files are gone. From whom they were taken back, they stay taken back."""
        self.withdraw()
        (one,) = self.wait(self.shares.list(everything=True))
        is_gone = self.state is Standing.PURGED and self.is_withdrawn
        assert self.wait(self.keeping.erase(one.id, "officer", "")) is is_gone
        if is_gone:
            is_all = all(state is Standing.REVOKED for state in self.grants.values())
            self.taken_back |= {who for who in PEOPLE if is_all or self.grants.get(who) is Standing.REVOKED}
            self.dead |= set(self.tokens.values())
            self.tokens, self.grants, self.opened, self.state, self.ends = {}, {}, set(), None, self.clock.at

    @precondition(lambda self: any(self._opens(who) for who in PEOPLE))
    @rule(data=st.data())
    def fetch(self, data) -> None:
        """Somebody comes in by their link and a code, and fetches a file."""
        who = data.draw(st.sampled_from([one for one in PEOPLE if self._opens(one)]))
        share_id, grant_id = self.wait(self.visits.find(self.tokens[who], self.clock.at))
        (one,) = self.wait(self.shares.list())
        whose = next(each for each in one.grants if each.id == grant_id)
        assert (share_id, whose.address) == (one.id, who)
        mine = session(one, whose, f"cookie {next(self._numbers)}", self.clock.at)
        self.wait(self.visits.open_session(mine))
        assert self.wait(self.visits.begin(mine, ("1",), "", self.clock.at)).why_not == "closed"
        self._prove(mine)
        (access,) = self.wait(self.visits.begin(mine, ("1",), "", self.clock.at)).accesses
        self.wait(self.visits.end(access.id, 1000, self.clock.at, is_whole=True))
        self.opened.add(who)
        self.used = self.clock.at
        self.clock.turn(minutes=13)  # five codes to one person in an hour are the most

    def _prove(self, mine) -> None:
        self.wait(
            self.keeping.put(Wish(mine.cookie_hash.hex(), WishKind.CODE, mine.share, "", self.clock.at, mine.grant, mine.cookie_hash))
        )
        (wish,) = self.wait(self.keeping.claim(self.clock.at, 30))
        code = self.keeping.draw_code()
        assert self.wait(self.keeping.send_code(wish, code, mail(wish.id, next_at=self.clock.at), self.clock.at)) == ""
        assert self.wait(self.visits.try_code(mine, code, self.clock.at)).is_right

    # --- what must be so ----------------------------------------------------------------------------------------------

    @property
    def _is_in_time(self) -> bool:
        return self.clock.at < min(self.ends, self.used + IDLE)

    def _opens(self, who) -> bool:
        return self.state is Standing.OPEN and self._is_in_time and self.grants.get(who) is Standing.OPEN

    @invariant()
    def a_link_opens_exactly_for_whom_it_may(self) -> None:
        for who, token in self.tokens.items():
            assert (self.wait(self.visits.find(token, self.clock.at)) is not None) == self._opens(who), who

    @invariant()
    def who_has_it_in_hand_sees_the_same(self) -> None:
        """A copy that waits in the outbox is sent exactly while its link opens."""
        for one in self.wait(self.shares.list(everything=True)):
            for who in PEOPLE:
                assert is_open_for(one, who, self.clock.at) == self._opens(who), who

    @invariant()
    def what_was_taken_back_stays_so(self) -> None:
        there = {who for who in PEOPLE if self.grants.get(who) is Standing.REVOKED}
        is_all = bool(self.grants) and all(state is Standing.REVOKED for state in self.grants.values())
        known = self.wait(self.shares.taken_back(KEY, frozenset(PEOPLE)))
        assert known == (set(PEOPLE) if is_all else there) | self.taken_back
        assert [token for token in self.dead if self.wait(self.visits.find(token, self.clock.at)) is not None] == []

    @invariant()
    def there_is_one_share_and_what_it_needs_is_there(self) -> None:
        found = self.wait(self.shares.list(everything=True))
        assert len(found) <= 1
        for one in found:
            assert one.state is self.state
            assert {each.address: each.state for each in one.grants} == self.grants
            needed = {each.object_id for each in one.files if each.object_id}
            assert needed <= self.vault
            assert self.wait(self.shares.in_use(self.vault)) == needed
            if one.state is not Standing.PURGED:
                assert len(needed) == len(FILES)


ShareLife.TestCase.settings = tries(25, steps=20)
TestShareLife = ShareLife.TestCase
