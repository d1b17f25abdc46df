"""How many sessions at once, in all and for each peer. One Limits is shared by all listeners of a process."""

from __future__ import annotations

from collections import Counter

from gateway.config import Listener


class Limits:
    """Counts open sessions, for each listener by its name."""

    def __init__(self) -> None:
        self._total: Counter[str] = Counter()
        self._peers: Counter[tuple[str, str]] = Counter()

    def enter(self, listener: str, peer: str, settings: Listener) -> bool:
        """Whether one more session may begin; if so it is counted until leave()."""
        if self._total[listener] >= settings.max_sessions or self._peers[listener, peer] >= settings.max_sessions_per_peer:
            return False
        self._total[listener] += 1
        self._peers[listener, peer] += 1
        return True

    def leave(self, listener: str, peer: str) -> None:
        """The session is over."""
        self._total[listener] -= 1
        self._peers[listener, peer] -= 1
        if not self._peers[listener, peer]:
            del self._peers[listener, peer]  # or it would remember every peer there ever was
