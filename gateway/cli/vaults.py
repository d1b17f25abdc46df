"""outgate vault, outgate keys: what is kept, and the keys that it is encrypted with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway import app
from gateway.cli.options import Group, config_option, says_errors


class _Progress:
    """How many are done, on one line of a terminal; nothing where nobody watches."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._done = 0

    def __call__(self, done: int) -> None:
        self._done += done
        if sys.stderr.isatty():
            click.echo(f"\r{self._done} {self._what}", err=True, nl=False)

    def end(self) -> None:
        if self._done and sys.stderr.isatty():
            click.echo("\r\x1b[K", err=True, nl=False)


@click.group(cls=Group)
def vault() -> None:
    """Look after what is kept: that it is whole, and that what nobody needs goes."""


@vault.command("check", short_help="Read every object, and see that it is what it was and that none is missing.")
@click.argument("objects", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Every object there is; so it is too without an ID.")
@config_option
@says_errors
def vault_check(objects: tuple[str, ...], everything: bool, config: Path) -> None:
    """Read every object (or these), authenticate all of it, and see that what cases and shares need is there. 1 when something is wrong."""
    progress = _Progress("objects read")
    is_well, said = app.check_vault(config, () if everything else objects, progress)
    progress.end()
    click.echo(said)
    sys.exit(0 if is_well else 1)


@vault.command("sweep", short_help="Delete what nobody needs any more.")
@click.option("--yes", "really", is_flag=True, help="Delete; without it, only say how much that would be.")
@config_option
@says_errors
def vault_sweep(really: bool, config: Path) -> None:
    """Delete objects that no case, share or letter needs and that are older than a day. The keeper does so by itself.

    Only when most of the vault would go it does not: then the database may be another than the one that belongs to it.
    """
    click.echo(app.sweep_vault(config, really=really))


@click.group(cls=Group)
def keys() -> None:
    """Look at the master keys of what is kept, and change them."""


@keys.command("list")
@click.option("--count", is_flag=True, help="How many objects need each; reads the beginning of all of them.")
@config_option
@says_errors
def keys_list(count: bool, config: Path) -> None:
    """List the keys: since when, and what for. Never the keys themselves."""
    click.echo(app.list_keys(config, count=count))


@keys.command("rotate", short_help="Make the next master key; later, delete the old one.")
@click.argument("family", required=False)
@click.option("--retire", is_flag=True, help="Delete the older keys, once it is proved that nothing needs them.")
@config_option
@says_errors
def keys_rotate(family: str | None, retire: bool, config: Path) -> None:
    """Make the next key of FAMILY (holds, shares, notices; all three without it). What is kept is wrapped by it anew, not encrypted again.

    \b
    outgate keys rotate               # makes holds-2.key ...; processes that run use it at once
    outgate keys rotate --retire      # an hour later or more: deletes holds-1.key ... if nothing needs it

    Both may be stopped and run again: at every moment all that is kept can be read. 1 when an old key had to stay.
    """  # noqa: D301 - \b is click's own mark
    progress = _Progress("objects looked at")

    def say(line: str) -> None:
        progress.end()
        click.echo(line)

    if not retire:
        app.rotate_keys(config, family, say, progress)
    elif not app.retire_keys(config, family, say, progress):
        sys.exit(1)
