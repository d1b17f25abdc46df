"""outgate audit: what happened, and that nobody has changed it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway import app
from gateway.cli.options import Group, config_option, says_errors


@click.group(cls=Group)
def audit() -> None:
    """Read what has happened to kept mail and to the policy, and see that nobody has changed it."""


@audit.command("verify")
@click.option("--noted", multiple=True, help="An end of a chain as it was printed before, WRITER:NUMBER:HASH; give it again for each one.")
@config_option
@says_errors
def audit_verify(noted: tuple[str, ...], config: Path) -> None:
    """See that no row was changed or taken out; print the ends of the chains. 1 when something is wrong.

    Whoever may write to the database could make a chain anew or cut off its end: note the ends elsewhere and give them to --noted.
    """
    is_whole, said = app.verify_audit(config, noted)
    click.echo(said)
    sys.exit(0 if is_whole else 1)


@audit.command("export")
@click.option("--case", help="Only what happened to this case.")
@config_option
@says_errors
def audit_export(case: str | None, config: Path) -> None:
    """Print the rows as JSON lines, the oldest first: when, what, by whom and why, and the hash of each."""
    click.echo(app.export_audit(config, case))
