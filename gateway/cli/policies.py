"""outgate policy: look at a pack before it is in force."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway import app
from gateway.cli.options import Group, config_if_there, said, says_errors


@click.group(cls=Group)
def policy() -> None:
    """Look at policy packs."""


@policy.command("check", short_help="Find every mistake in a pack, with its place and a way out.")
@click.argument("pack", type=click.Path(path_type=Path))
@config_if_there
@says_errors
def policy_check(pack: Path, config: Path | None) -> None:
    """Find every mistake in PACK, with file, line, column and a way out; and warn of what nobody has signed.

    With settings, that its next hops and places are configured too.
    """
    problems = app.check_pack(pack, config)
    for problem in problems:
        click.echo(said(problem))
    if note := app.without_settings(config):
        click.echo(f"note: {note}; whether its next hops and places are configured was not looked at")
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(f"{pack}: {_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}")
    sys.exit(1 if errors else 0)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@policy.command("test", short_help="Run the examples in a pack's own tests folder.")
@click.argument("pack", type=click.Path(path_type=Path))
@says_errors
def policy_test(pack: Path) -> None:
    """Run the examples in PACK's own tests folder and show each that does not come out as written."""
    report = app.test_pack(pack)
    click.echo(report.text)
    sys.exit(0 if report.passed else 1)
