"""What commands have in common: options, how errors are said, how help is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from gateway.errors import BadInput, OutgateError, Problem

Command = TypeVar("Command", bound=Callable[..., Any])
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 120}

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("outgate.toml"),
    show_default=True,
    help="The settings; deploy/outgate.toml is the commented reference.",
)


config_if_there = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The settings.  [default: outgate.toml, where it is there]",
)


def not_blank(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """What is recorded must say something."""
    if text is not None and not text.strip():
        raise click.BadParameter("must not be empty: it is recorded")
    return text


by_option = click.option("--by", required=True, callback=not_blank, help="Who decides: your name or address. It is recorded.")
why_option = click.option("--why", required=True, callback=not_blank, help="Why, in a sentence. It is recorded.")
why_told_option = click.option(
    "--why", required=True, callback=not_blank, help="Why, in a sentence. It is recorded, and told to the sender word for word."
)


def says_errors(command: Command) -> Command:
    """What a person got wrong is said on stderr, one line each, without a traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except BadInput as bad:
            fail("\n".join(map(said, bad.problems)))
        except OutgateError as error:
            fail(str(error))

    return run  # type: ignore[return-value]


def said(problem: Problem) -> str:
    """One line; what is only worth a look says so."""
    return str(problem) if problem.severity == "error" else f"{problem.severity}: {problem}"


def fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(1)


class Group(click.Group):
    """Its help shows the whole first sentence of each command; click's own cuts it at the end of the line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(limit=1000)) for name, one in commands if one is not None])


Group.group_class = Group
