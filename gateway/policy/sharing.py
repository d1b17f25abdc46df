"""Which files a share route takes: the fewest that make the rest lawful and small enough (DESIGN section 4). Pure.

What it takes, it protects. The rest, with the words that we add, is judged by the same rules, keeps every need that covers the message, and
is carried by a route that is no share. A route that could carry the mail as it is does not count: no file has to leave it then.
Exact up to 12 files. Beyond, files that are alike go together, and then as many as possible come back, the smallest first.
Unknown is not usable. What cannot be taken out (Fixed) stays with the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import or_

from gateway.mime.sizes import BLOCK_OCTETS, human, human_pair
from gateway.model.facts import FileFacts
from gateway.model.message import Fixed
from gateway.policy.evaluate import Compiled
from gateway.policy.routes import Way
from gateway.policy.split import Cut, Match, cut, terms_in_force
from gateway.policy.view import View

MOST_FILES = 12  # beyond, not every set is looked at
_MOST_TRIES = 64  # of giving files back one by one

_WHY_FIXED = {
    Fixed.SIGNED: "the message is signed, and would not be any more",
    Fixed.ENCRYPTED: "the message is encrypted",
    Fixed.FOREIGN: "they are inside of something that we do not write (winmail.dat, S/MIME)",
    Fixed.IN_WORDS: "they stand in the middle of the words",
    Fixed.READINGS: "mail programs see different parts in this message",
    Fixed.ENCODING: "their encoding is not known for certain",
    Fixed.PIECE: "the message is a piece of another, or its content is somewhere else",
    Fixed.UNMEASURED: "it was not recorded whether they could be",
}


@dataclass(frozen=True, slots=True)
class Shared:
    """What a share takes, and which way the rest goes."""

    files: tuple[str, ...]  # ids
    carrier: Way


@dataclass(frozen=True, slots=True)
class NotShared:
    """Why a share does not serve, and whether it would if size were no matter."""

    why: str
    by_size: bool = False


class Sharing:
    """The search for one recipient of one message. Sets of outermost files are bits, as policy/halves.py has them.

    `hopeful` takes what is unknown for the best; without `thorough` not every set is looked at: what is found still serves.
    """

    def __init__(
        self,
        compiled: Compiled,
        view: View,
        needs: frozenset[str],
        unusable: frozenset[str],
        forbidden: Mapping[str, str],
        *,
        hopeful: bool,
        thorough: bool,
    ) -> None:
        self._view = view
        self._forbidden = forbidden
        self._halves = compiled.halves(view.mail)
        self._hopeful = hopeful
        self._thorough = thorough
        self._terms = terms_in_force(view)
        self._whole = self._matches(view)
        self._views: dict[tuple[int, int], View] = {}
        self._known: dict[tuple[int, int], tuple[Match, ...]] = {}
        self._cuts: dict[int, Cut | None] = {}
        admitted = [way for way in compiled.ways if self._is_carrier(way, unusable)]
        idle = [way for way in admitted if needs <= way.route.provides and way.route.name not in forbidden and not way.fits(view)]
        self._idle = tuple(idle)  # they could carry the mail as it is
        self._carriers = tuple(way for way in admitted if way not in idle)

    def find(self, way: Way) -> Shared | NotShared:
        """The fewest files that this share can take."""
        files, barred = self._halves.files, self._forbidden.get(way.route.name, "")
        if barred:
            return NotShared(barred)
        if not files:
            return NotShared("there is no file to take out")
        free = self._free()
        if not free:
            return NotShared(f"its files cannot be taken out: {_WHY_FIXED[files[0].fixed or Fixed.UNMEASURED]}")
        if not self._carriers:
            return NotShared(self._without_carrier())
        found = self._search(way, free, sized=True)
        if found is not None:
            taken, carrier = found
            return Shared(tuple(file.id for file in self._halves.named(taken)), carrier)
        return NotShared(self._why(way, free), by_size=self._search(way, free, sized=False) is not None)

    def _is_carrier(self, way: Way, unusable: frozenset[str]) -> bool:
        route = way.route
        if route.kind == "share" or route.closed or route.name in unusable or way.admits(self._view, hopeful=self._hopeful):
            return False
        return self._covering <= route.provides

    @property
    def _covering(self) -> frozenset[str]:
        """What the message needs whatever is taken out of it."""
        asked = [term.message for term, match in zip(self._terms, self._whole, strict=True) if term.asks(match, hopeful=self._hopeful)]
        return frozenset[str]().union(*asked)

    def _free(self) -> int:
        return sum(1 << at for at, file in enumerate(self._halves.files) if file.fixed is None)

    # --- the search ---------------------------------------------------------------------------------------------------

    def _search(self, way: Way, free: int, *, sized: bool) -> tuple[int, Way] | None:
        """The set to take and who carries the rest."""
        units = [unit for unit in self._units(free) if self._may_go(way, unit, sized=sized)]
        everything = reduce(or_, units, 0)
        found = self._less(way, everything, sized=sized) if everything and self.serves(way, everything, sized=sized) else None
        if self._thorough and units and free.bit_count() <= MOST_FILES:
            found = self._fewest(way, units, found or everything, sized=sized)
        elif self._thorough and units and found is None:
            found = self._fewest(way, units, everything, sized=sized)
            found = self._less(way, found, sized=sized) if found is not None else None
        carrier = self.serves(way, found, sized=sized) if found is not None else None
        return (found, carrier) if found is not None and carrier is not None else None

    def _units(self, free: int) -> list[int]:
        """What is taken or left together: each file by itself, or where there are too many those that are alike to the rules."""
        bits = _bits(free)
        if len(bits) <= MOST_FILES:
            return bits
        alike: dict[object, int] = {}
        for bit in bits:
            kind = self._halves.kind(bit)
            key = kind if kind in alike or len(alike) < MOST_FILES else next(reversed(alike))
            alike[key] = alike.get(key, 0) | bit
        return list(alike.values())

    def _may_go(self, way: Way, unit: int, *, sized: bool) -> bool:
        """Whether the share may have these files at all: what they need of it by themselves they need in any company."""
        route = way.route
        if sized and route.file_limit is not None and any(file.octets > route.file_limit for file in self._halves.named(unit)):
            return False
        return all(
            term.files <= route.provides
            for term, match in zip(self._terms, self._of(unit, 0), strict=True)
            if not term.rises and term.asks(match, hopeful=self._hopeful)
        )

    def _less(self, way: Way, taken: int, *, sized: bool) -> int:
        """As many files as possible back into the mail, the smallest first: as many as can at once, then one by one."""
        units = [sorted(_bits(unit), key=self._weight) for unit in self._units(taken)]
        # Of files that are alike none can come back where the smallest cannot.
        loose = [unit for unit in units if self._serves_without(way, taken, unit[0], sized=sized)]
        order = sorted((bit for unit in loose for bit in unit), key=self._weight)
        back, beyond = 0, len(order) + 1
        while beyond - back > 1:
            middle = (back + beyond) // 2
            if self._serves_without(way, taken, reduce(or_, order[:middle]), sized=sized):
                back = middle
            else:
                beyond = middle
        taken &= ~reduce(or_, order[:back], 0)
        for bit in order[back + 1 : back + _MOST_TRIES]:
            if self._serves_without(way, taken, bit, sized=sized):
                taken &= ~bit
        return taken

    def _serves_without(self, way: Way, taken: int, back: int, *, sized: bool) -> bool:
        return bool(taken & ~back) and self.serves(way, taken & ~back, sized=sized) is not None

    def _weight(self, files: int) -> tuple[int, int]:
        return self._octets(files), files

    def _fewest(self, way: Way, units: list[int], most: int, *, sized: bool) -> int | None:
        """The first set that serves, of no more units than `most` has: by their number, then by octets, then by place in the message."""
        everything = reduce(or_, units)
        if self._falls and self._carrier(everything, sized=sized) is None:
            return None  # not even then is there a rest that somebody carries
        surely = [unit for unit in units if self._falls and self._carrier(everything & ~unit, sized=sized) is None]
        others = [unit for unit in units if unit not in surely]
        for count in range(max(1, len(surely)), sum(1 for unit in units if unit & most) + 1):
            if sized and not self._could_fit(units, count):
                continue
            sets = [reduce(or_, (*surely, *chosen)) for chosen in combinations(others, count - len(surely))]
            for taken in sorted(sets, key=self._weight):
                if self.serves(way, taken, sized=sized):
                    return taken
        return None

    @property
    def _falls(self) -> bool:
        """Whether fewer files surely ask for less, so that what no more files can do no fewer can."""
        return not any(term.rises for term in self._terms)

    def _could_fit(self, units: list[int], count: int) -> bool:
        """Whether the rest would be small enough for anybody if the largest went."""
        files = [self._halves.named(unit) for unit in units]
        octets = sum(sorted((sum(file.octets for file in each) for each in files), reverse=True)[:count])
        wire = sum(sorted((sum(file.wire_octets for file in each) for each in files), reverse=True)[:count])
        mail = self._view.mail
        return any(
            way.has_room(self._view, mail.attachments_octets - octets, mail.message.wire_octets - wire + BLOCK_OCTETS)
            for way in self._carriers
        )

    # --- one set ------------------------------------------------------------------------------------------------------

    def serves(self, way: Way, taken: int, *, sized: bool = True) -> Way | None:
        """Who carries the rest when the share takes these; None: it may not, or nobody does."""
        route = way.route
        if sized and route.attachments_limit is not None and self._octets(taken) > route.attachments_limit:
            return None
        found = self._cut(taken)
        if found is None or not found.link <= route.provides or route.name in found.link_barred:
            return None
        return self._carrier(taken, sized=sized)

    def _carrier(self, taken: int, *, sized: bool) -> Way | None:
        found = self._cut(taken)
        if found is None:
            return None
        rest = self._rest(taken)
        able = (way for way in self._carriers if found.mail <= way.route.provides and way.route.name not in found.mail_barred)
        return next((way for way in able if not sized or not way.fits(rest)), None)

    def _cut(self, taken: int) -> Cut | None:
        if taken not in self._cuts:
            left = self._halves.whole & ~taken
            of_taken, of_rest = self._of(taken, 0), self._of(left, BLOCK_OCTETS)
            self._cuts[taken] = cut(self._terms, self._whole, of_taken, of_rest, files_left=bool(left), hopeful=self._hopeful)
        return self._cuts[taken]

    def _rest(self, taken: int) -> View:
        return self._half(self._halves.whole & ~taken, BLOCK_OCTETS)

    def _half(self, kept: int, added: int) -> View:
        view = self._views.get((kept, added))
        if view is None:
            view = self._views[kept, added] = self._view.of(self._halves.half(kept, added))
        return view

    def _of(self, kept: int, added: int) -> tuple[Match, ...]:
        if (kept, added) not in self._known:
            self._known[kept, added] = self._matches(self._half(kept, added))
        return self._known[kept, added]

    def _matches(self, view: View) -> tuple[Match, ...]:
        return tuple([term.test.matches(view) for term in self._terms])

    def _octets(self, files: int) -> int:
        return sum(file.octets for file in self._halves.named(files))

    # --- why not ------------------------------------------------------------------------------------------------------

    def _without_carrier(self) -> str:
        if self._idle:
            return "no file has to go by it"
        covering = self._covering
        return f"nothing that gives {_and(covering)} carries the rest" if covering else "nothing carries the rest"

    def _why(self, way: Way, free: int) -> str:
        """What stands in the way when as much as possible is taken."""
        route, named = way.route, self._halves.named(free)
        usable = reduce(or_, [unit for unit in self._units(free) if self._may_go(way, unit, sized=True)], 0)
        if not usable:
            return self._too_large_one(way, named) or self._not_given(way, free)
        octets, most = self._octets(usable), route.attachments_limit
        if most is not None and octets > most:
            return "files of {} together; it takes {}".format(*human_pair(octets, most))
        found = self._cut(usable)
        if found is None:
            return "a rule that looks at all files together would stop one half"
        if not found.link <= route.provides:
            return f"does not give {_and(found.link - route.provides)}"
        return self._not_carried(usable, found)

    def _too_large_one(self, way: Way, files: tuple[FileFacts, ...]) -> str:
        most = way.route.file_limit
        largest = max(file.octets for file in files)
        if most is None or largest <= most or any(file.octets <= most for file in files):
            return ""
        return "a file of {}; it takes {} each".format(*human_pair(largest, most))

    def _not_given(self, way: Way, free: int) -> str:
        asked = [term.files for term, match in zip(self._terms, self._of(free, 0), strict=True) if term.asks(match, hopeful=self._hopeful)]
        missing = frozenset[str]().union(*asked) - way.route.provides
        return f"does not give {_and(missing)}" if missing else "may not have any of the files"

    def _not_carried(self, taken: int, found: Cut) -> str:
        fixed = next((file.fixed for file in self._halves.files if file.fixed is not None), None)
        stays = f"; some files cannot be taken out: {_WHY_FIXED[fixed]}" if fixed is not None else ""
        able = [way for way in self._carriers if found.mail <= way.route.provides and way.route.name not in found.mail_barred]
        if not able:
            return (f"nothing that gives {_and(found.mail)} carries the rest" if found.mail else "nothing carries the rest") + stays
        return f"the rest would still be too large: {human(self._rest(taken).facts.message.wire_octets)} as mail{stays}"


def _bits(files: int) -> list[int]:
    """The files of a set, each as a set of its own."""
    return [1 << at for at in range(files.bit_length()) if files >> at & 1]


def _and(names: frozenset[str]) -> str:
    return " and ".join(sorted(names))
