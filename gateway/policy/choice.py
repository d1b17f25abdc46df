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


def choose(
    compiled: Compiled,
    view: View,
    needs: frozenset[str],
    unusable: frozenset[str],
    forbidden: Mapping[str, str],
    *,
    hopeful: bool = False,
    thorough: bool = True,
) -> Choice:
    """The first route that serves. `unusable` have failed this recipient; `forbidden` are kept out by a `never`, with the reason.

    What is too large is called so even where a `never` says the same, since the sender can do something about size. `hopeful` takes what is
    unknown for the best; without `thorough` a share may be overlooked where there are many files.
    """
    tried: list[Tried] = []
    large: list[Way] = []
    sharing: Sharing | None = None
    for way in compiled.ways:
        route = way.route
        why_not = route.closed or ("could not serve this recipient" if route.name in unusable else way.admits(view, hopeful=hopeful))
        if not why_not and route.kind == "share":
            if sharing is None:
                sharing = Sharing(compiled, view, needs, unusable, forbidden, hopeful=hopeful, thorough=thorough)
            found = sharing.find(way)
            if isinstance(found, Shared):
                return Choice(way, tuple(tried), tuple(large), found)
            why_not, is_large = found.why, found.by_size
        elif not why_not:
            why_not, is_large = _why_not(way, view, needs, forbidden)
            if not why_not:
                return Choice(way, tuple(tried), tuple(large))
        else:
            is_large = False
        if is_large:
            large.append(way)
        tried.append(Tried(route.name, why_not))
    return Choice(None, tuple(tried), tuple(large))


def _why_not(way: Way, view: View, needs: frozenset[str], forbidden: Mapping[str, str]) -> tuple[str, bool]:
    """Why a route that admits the mail does not carry it, and whether by size alone."""
    if not needs <= way.route.provides:
        return f"does not give {' and '.join(sorted(needs - way.route.provides))}", False
    why_not = way.fits(view)
    return (why_not, True) if why_not else (forbidden.get(way.route.name, ""), False)
