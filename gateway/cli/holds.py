"""outgate hold: look at kept mail, and decide about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gateway import app
from gateway.cli.options import Group, by_option, config_option, not_blank, says_errors, why_option, why_told_option
from gateway.model.facts import Declared
from gateway.model.kept import Because


@click.group(cls=Group)
def hold() -> None:
    """Look at what is kept, and decide."""


@hold.command("list")
@click.option("--all", "everything", is_flag=True, help="Ended cases too.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, for programs.")
@config_option
@says_errors
def hold_list(everything: bool, as_json: bool, config: Path) -> None:
    """List the open cases, newest first."""
    click.echo(app.list_holds(config, everything=everything, as_json_list=as_json))


@hold.command("show", short_help="Show one case: why it is kept, its files, and what has happened to it.")
@click.argument("case")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--message", "file", type=click.Path(path_type=Path), help="Write the kept message to this new file; needs --by and --why.")
@click.option("--by", callback=not_blank, help="With --message: who reads it. It is recorded.")
@click.option("--why", callback=not_blank, help="With --message: why, in a sentence. It is recorded.")
@config_option
@says_errors
def hold_show(case: str, as_json: bool, file: Path | None, by: str | None, why: str | None, config: Path) -> None:
    """Show one CASE: who, to whom, why, until when, who decides, what its files are, and who has done what to it.

    The files are read again for it, by the policy in force now. What was found is shown masked; to read the message itself:

    \b
    outgate hold show 7KQ-402 --message kept.eml --by "A. Smith" --why "to see whether the names may go"
    """  # noqa: D301 - \b is click's own mark
    if file is not None:
        if by is None or why is None:
            raise click.UsageError("--message needs --by and --why: who reads the mail of others stands in the audit")
        click.echo(app.save_message(config, case, file, Because(by, why)))
        return
    for piece in app.show_hold(config, case, as_json_object=as_json):
        click.echo(piece)


def _decides(name: str, why: Callable[..., Any] = why_option) -> Callable[[Callable[..., Any]], Any]:
    """A command about one CASE that leaves a wish for the keeper; who and why are recorded."""
    pieces = (hold.command(name), click.argument("case"), by_option, why, config_option, says_errors)

    def decorate(command: Callable[..., Any]) -> Any:
        for piece in reversed(pieces):
            command = piece(command)
        return command

    return decorate


@_decides("release")
def hold_release(case: str, by: str, why: str, config: Path) -> None:
    """Let CASE go: its hold or confirm reasons are lifted and it is decided again. What a rule requires stays required."""
    click.echo(app.ask(config, "release", case, Because(by, why)))


@_decides("refuse", why_told_option)
def hold_refuse(case: str, by: str, why: str, config: Path) -> None:
    """Refuse CASE: the sender is told, with what you write after --why, and the message is deleted."""
    click.echo(app.ask(config, "refuse", case, Because(by, why)))


@_decides("redecide", click.option("--why", default="", help="Why, in a sentence."))
def hold_redecide(case: str, by: str, why: str, config: Path) -> None:
    """Decide CASE again by the policy as it is now, lifting nothing."""
    click.echo(app.ask(config, "redecide", case, Because(by, why)))


@_decides("declare")
@click.option("--purpose", help="What the email is for, as the pack names it.")
@click.option("--word", "words", multiple=True, help="A word that a confirm asks for.")
@click.option("--classification", "classifications", multiple=True, help="FILE=LEVEL, or words=LEVEL: what a file, or the text, really is.")
@click.option("--override", "overrides", multiple=True, help="An override of the pack; what it asks is answered with --answer.")
@click.option("--answer", "answers", multiple=True, help="QUESTION=TEXT.")
@click.option("--as", "role", default="sender", show_default=True, help="Who says so: sender, or one of the pack's people.")
def hold_declare(
    case: str,
    by: str,
    why: str,
    config: Path,
    purpose: str | None,
    words: tuple[str, ...],
    classifications: tuple[str, ...],
    overrides: tuple[str, ...],
    answers: tuple[str, ...],
    role: str,
) -> None:
    """Note what somebody has said of CASE, and decide it again by that.

    \b
    outgate hold declare 7KQ-402 --purpose criminal-justice --by "Service desk, Jo" --why "the sender rang"
    outgate hold declare 7KQ-402 --classification Report.docx=public --as information-governance --by "A. Smith" --why "marked by mistake"
    outgate hold declare 7KQ-402 --override urgent-safeguarding --answer reason="a child is at risk" \\
        --answer who-could-be-harmed-by-waiting="the child" --by "Duty manager" --why "rang at 17:50"

    The sender can declare a purpose, a word, an override, and what a file is that nobody has marked; a person of the pack can correct any
    classification. What a rule requires stays required. Everything is recorded.
    """  # noqa: D301 - \b is click's own mark
    declared = (
        *((Declared("purpose", purpose, role),) if purpose else ()),
        *(Declared("word", word, role) for word in words),
        *(Declared("classification", level, role, file) for file, level in _pairs("--classification", classifications)),
        *(Declared("override", name, role) for name in overrides),
    )
    click.echo(app.ask(config, "declare", case, Because(by, why, declared, _pairs("--answer", answers))))


def _pairs(option: str, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """NAME=VALUE; a file may have an = in its name, a level has none."""
    found = []
    for text in texts:
        name, equals, value = text.rpartition("=") if option == "--classification" else text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=option)
        found.append((name, value))
    return tuple(found)
