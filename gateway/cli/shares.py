"""outgate share: look at files that travel by link, and end them."""

from __future__ import annotations

from pathlib import Path

import click

from gateway import app
from gateway.cli.options import Group, by_option, config_option, says_errors, why_option
from gateway.model.kept import Because


@click.group(cls=Group)
def share() -> None:
    """Look at files that travel by link: who may have them, who fetched what; end a share.

    \b
    See:    outgate share list; outgate share show 7KQ-402
    Stop:   outgate share revoke 7KQ-402 --by "A. Smith" --why "sent to the wrong person"
    One:    outgate share revoke 7KQ-402 --to b@example.org --by "A. Smith" --why "left the project"
    Forget: outgate share purge 7KQ-402 --by "A. Smith" --why "asked to be forgotten"
    """  # noqa: D301 - \b is click's own mark


@share.command("list")
@click.option("--all", "everything", is_flag=True, help="Ended shares too.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, for programs.")
@config_option
@says_errors
def share_list(everything: bool, as_json: bool, config: Path) -> None:
    """List the open shares, newest first."""
    click.echo(app.list_shares(config, everything=everything, as_json_list=as_json))


@share.command("show")
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@config_option
@says_errors
def share_show(number: str, as_json: bool, config: Path) -> None:
    """Show one share: its files, its people, until when, who fetched what and when, from which network, and what has happened to it."""
    click.echo(app.show_share(config, number, as_json_object=as_json))


@share.command("revoke")
@click.argument("number")
@click.option("--to", "to", help="Only for this recipient; the others keep their links.")
@by_option
@why_option
@config_option
@says_errors
def share_revoke(number: str, to: str | None, by: str, why: str, config: Path) -> None:
    """End a share now: its links open for nobody any more, and its files are deleted, in whatever place they are.

    Whoever is just looking at its page is shown out. A retry of the same message does not open it again. It cannot be undone.
    """
    click.echo(app.revoke_share(config, number, Because(by, why), to))


@share.command("purge")
@click.argument("number")
@by_option
@why_option
@config_option
@says_errors
def share_purge(number: str, by: str, why: str, config: Path) -> None:
    """End a share if it is open, delete its files, and forget all that is known of it: names, addresses, who fetched what.

    Without it the files go when the share ends, and the rest after [retention] shares. The audit keeps its number, who asked, and why.
    """
    click.echo(app.purge_share(config, number, Because(by, why)))
