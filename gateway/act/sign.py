"""The last thing before a copy leaves: what we have changed or made is signed; what we have not keeps the signatures that it came with."""

from __future__ import annotations

from gateway.model.outcome import Copy
from gateway.ports.world import World


async def signed(copy: Copy, world: World) -> Copy:
    """A copy with fields of ours, with octets left out or put in, or of our own making. Raises TryLater."""
    if world.signer is None:
        return copy
    found = await world.signer.sign(copy)
    world.counters.count("changed", signed="no" if found is copy else "yes")
    return found
