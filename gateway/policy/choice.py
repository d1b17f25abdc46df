"""Which route carries: the first, in the pack's order, that admits, provides and fits; a share, which takes some of the files. Pure.

Unknown is not usable. Size is asked last, so that what fails by size alone can be told from the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.decision import Tried
from gateway.policy.evaluate import Compiled
from gateway.policy.routes import Way
from gateway.policy.sharing import Shared, Sharing
from gateway.policy.view import View


@dataclass(frozen=True, slots=True)
class Choice:
    """The route found, and every route that did not serve."""

    way: Way | None
    tried: tuple[Tried, ...]
    too_large: tuple[Way, ...] = ()  # routes that failed by size alone
    shared: Shared | None = None  # what the route takes, when it is a share


class Chooser:
    """Looks for a route for one recipient of one message. `unusable` have failed this recipient."""

    __slots__ = ("_compiled", "_thorough", "_unusable", "_view")

    def __init__(self, compiled: Compiled, view: View, unusable: frozenset[str], *, thorough: bool) -> None:
        self._compiled = compiled
        self._view = view
        self._unusable = unusable
        self._thorough = thorough

    def choose(self, needs: frozenset[str], forbidden: Mapping[str, str], *, hopeful: bool = False) -> Choice:
        """The first route that serves. `hopeful` takes what is unknown for the best.

        `forbidden` are kept out by a `never`, with the reason. What is too large is called so even where a `never` says the same, since
        the sender can do something about size.
        """
        tried: list[Tried] = []
        large: list[Way] = []
        sharing: Sharing | None = None
        for way in self._compiled.ways:
            why_not = self._why_not_admitted(way, hopeful=hopeful)
            if not why_not and way.route.kind == "share":
                sharing = sharing or self._sharing(needs, forbidden, hopeful=hopeful)
                found = sharing.find(way)
                if isinstance(found, Shared):
                    return Choice(way, tuple(tried), tuple(large), found)
                why_not = found.why
                if found.by_size:
                    large.append(way)
            elif not why_not:
                why_not = "" if needs <= way.route.provides else f"does not give {' and '.join(sorted(needs - way.route.provides))}"
                if not why_not:
                    why_not = way.fits(self._view)
                    if why_not:
                        large.append(way)
                    else:
                        why_not = forbidden.get(way.route.name, "")
                        if not why_not:
                            return Choice(way, tuple(tried), tuple(large))
            tried.append(Tried(way.route.name, why_not))
        return Choice(None, tuple(tried), tuple(large))

    def _why_not_admitted(self, way: Way, *, hopeful: bool) -> str:
        if way.route.closed:
            return way.route.closed
        if way.route.name in self._unusable:
            return "could not serve this recipient"
        return way.admits(self._view, hopeful=hopeful)

    def _sharing(self, needs: frozenset[str], forbidden: Mapping[str, str], *, hopeful: bool) -> Sharing:
        return Sharing(self._compiled, self._view, needs, self._unusable, forbidden, hopeful=hopeful, thorough=self._thorough)
