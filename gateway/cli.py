"""The command line. Each command reads its arguments, lets app do the work, prints. Errors say what to do and end with 1 (misuse: 2)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from gateway import app
from gateway.errors import BadInput, OutgateError
from gateway.model.facts import Declared
from gateway.model.kept import Because

Command = TypeVar("Command", bound=Callable[..., Any])
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 120}

_config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("outgate.toml"),
    show_default=True,
    help="The settings; deploy/outgate.toml is the commented reference.",
)


_config_if_there = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The settings.  [default: outgate.toml, where it is there]",
)


def _not_blank(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """What is recorded must say something."""
    if text is not None and not text.strip():
        raise click.BadParameter("must not be empty: it is recorded")
    return text


_by = click.option("--by", required=True, callback=_not_blank, help="Who decides: your name or address. It is recorded.")
_why = click.option("--why", required=True, callback=_not_blank, help="Why, in a sentence. It is recorded.")
_why_told = click.option(
    "--why", required=True, callback=_not_blank, help="Why, in a sentence. It is recorded, and told to the sender word for word."
)


def _says_errors(command: Command) -> Command:
    """What a person got wrong is said on stderr, one line each, without a traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except BadInput as bad:
            _fail("\n".join(str(problem) for problem in bad.problems))
        except OutgateError as error:
            _fail(str(error))

    return run  # type: ignore[return-value]


def _fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(1)


class _Group(click.Group):
    """Its help shows the whole first sentence of each command; click's own cuts it at the end of the line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(limit=1000)) for name, one in commands if one is not None])


_Group.group_class = _Group


@click.group(cls=_Group, context_settings=_CONTEXT)
@click.version_option(package_name="outgate")
def main() -> None:
    """Outgate, an outbound mail gateway that decides for each recipient by a written policy.

    \b
    Start:       outgate serve --config outgate.toml
    Try:         outgate explain message.eml --sender me@example.org --recipient you@example.com
    Write rules: outgate policy check rules/starter; outgate policy test rules/starter
    Decide:      outgate hold list; outgate hold release 7KQ-402 --by "A. Smith" --why "agreed with the owner"
    """  # noqa: D301 - \b is click's own mark


@main.command(short_help="Run the gateway.")
@click.argument("process", type=click.Choice(["smtp", "keeper", "portal", "recorder"]), required=False)
@_config
@click.option("--socket", "sockets", multiple=True, hidden=True, help="NAME=DESCRIPTOR of a listening socket, from the supervisor.")
@click.option("--pulse", type=int, hidden=True, help="Descriptor of the pulse pipe, from the supervisor.")
@click.option("--parent", type=int, hidden=True, help="Process id of the supervisor.")
@click.option("--suspects", type=int, hidden=True, help="Descriptor of the memory that the processes share, from the supervisor.")
@click.option("--number", type=int, default=1, hidden=True, help="Which of its kind, from the supervisor.")
@_says_errors
def serve(
    process: str | None,
    config: Path,
    sockets: tuple[str, ...],
    pulse: int | None,
    parent: int | None,
    suspects: int | None,
    number: int,
) -> None:
    """Run the gateway: everything, or one kind of PROCESS.

    SIGTERM or Ctrl-C stops in order: running transactions finish. SIGHUP loads the policy and the settings anew; a policy with an error
    changes nothing.
    """
    inherited = {name: int(descriptor) for name, _, descriptor in (item.partition("=") for item in sockets)}
    sys.exit(app.serve(config, process, inherited, pulse, parent, number, suspects))


@main.command(short_help="Say what would happen to a message, and why.")
@click.argument("message", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sender", required=True, help="The reverse-path; empty for a bounce.")
@click.option("--recipient", "recipients", multiple=True, required=True, help="A forward-path; give it again for each one.")
@click.option(
    "--pack", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Decide by this pack instead of the settings' own."
)
@click.option(
    "--scenario",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What to suppose of the world, a YAML file: see below, and rules/README.md.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs; its shape is a contract.")
@_config_if_there
@_says_errors
def explain(
    message: Path, sender: str, recipients: tuple[str, ...], pack: Path | None, scenario: Path | None, as_json: bool, config: Path | None
) -> None:
    """Say what would happen to MESSAGE (an .eml file) for each recipient, and why. Nothing is sent and nothing is kept.

    \b
    A scenario asks "what if"; what it does not say is as it is:
      at: 2027-04-01                        the day
      sender_groups: [foi-team]             the directory's groups that the sender is in; or unknown
      authenticated: true
      certificate: CN=benefits.int          of the client
      peer: 10.20.30.4                      its IP address
      purpose: criminal-justice             what the sender declares
      declared: [portal-not-suitable]       the words they declare
      overrides: [urgent-safeguarding]
      corrected: [{of: a.docx, is: public, by: information-governance}]
      lifted: [restricted-to-list]          rules that a person has released
      unusable: [cjsm]                      routes that cannot serve
      files: {partners.yaml: {...}, lists.yaml: stale}   in place of the pack's own
    """  # noqa: D301 - \b is click's own mark
    found = app.explain(message, sender, recipients, pack, config, scenario)
    if note := app.without_settings(config, sender):
        click.echo(f"note: {note}", err=True)
    click.echo(json.dumps(found.as_json, indent=2, ensure_ascii=False) if as_json else found.as_text)


@main.group()
def policy() -> None:
    """Look at policy packs."""


@policy.command("check", short_help="Find every mistake in a pack, with its place and a way out.")
@click.argument("pack", type=click.Path(path_type=Path))
@_config_if_there
@_says_errors
def policy_check(pack: Path, config: Path | None) -> None:
    """Find every mistake in PACK, with file, line, column and a way out; and warn of what nobody has signed.

    With settings, that its next hops and places are configured too.
    """
    problems = app.check_pack(pack, config)
    for problem in problems:
        click.echo(f"{problem.severity}: {problem}" if problem.severity != "error" else str(problem))
    if note := app.without_settings(config):
        click.echo(f"note: {note}; whether its next hops and places are configured was not looked at")
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(f"{pack}: {_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}")
    sys.exit(1 if errors else 0)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@policy.command("test", short_help="Run the examples in a pack's own tests folder.")
@click.argument("pack", type=click.Path(path_type=Path))
@_says_errors
def policy_test(pack: Path) -> None:
    """Run the examples in PACK's own tests folder and show each that does not come out as written."""
    report = app.test_pack(pack)
    click.echo(report.text)
    sys.exit(0 if report.passed else 1)


@main.group()
def hold() -> None:
    """Look at what is kept, and decide."""


@hold.command("list")
@click.option("--all", "everything", is_flag=True, help="Ended cases too.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, for programs.")
@_config
@_says_errors
def hold_list(everything: bool, as_json: bool, config: Path) -> None:
    """List the open cases, newest first."""
    click.echo(app.list_holds(config, everything=everything, as_json_list=as_json))


@hold.command("show", short_help="Show one case: why it is kept, its files, and what has happened to it.")
@click.argument("case")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--message", "file", type=click.Path(path_type=Path), help="Write the kept message to this new file; needs --by and --why.")
@click.option("--by", callback=_not_blank, help="With --message: who reads it. It is recorded.")
@click.option("--why", callback=_not_blank, help="With --message: why, in a sentence. It is recorded.")
@_config
@_says_errors
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


def _decides(name: str, why: Callable[..., Any] = _why) -> Callable[[Callable[..., Any]], Any]:
    """A command about one CASE that leaves a wish for the keeper; who and why are recorded."""
    pieces = (hold.command(name), click.argument("case"), _by, why, _config, _says_errors)

    def decorate(command: Callable[..., Any]) -> Any:
        for piece in reversed(pieces):
            command = piece(command)
        return command

    return decorate


@_decides("release")
def hold_release(case: str, by: str, why: str, config: Path) -> None:
    """Let CASE go: its hold or confirm reasons are lifted and it is decided again. What a rule requires stays required."""
    click.echo(app.ask(config, "release", case, Because(by, why)))


@_decides("refuse", _why_told)
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


@main.group()
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
@_config
@_says_errors
def share_list(everything: bool, as_json: bool, config: Path) -> None:
    """List the open shares, newest first."""
    click.echo(app.list_shares(config, everything=everything, as_json_list=as_json))


@share.command("show")
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@_config
@_says_errors
def share_show(number: str, as_json: bool, config: Path) -> None:
    """Show one share: its files, its people, until when, who fetched what and when, from which network, and what has happened to it."""
    click.echo(app.show_share(config, number, as_json_object=as_json))


@share.command("revoke")
@click.argument("number")
@click.option("--to", "to", help="Only for this recipient; the others keep their links.")
@_by
@_why
@_config
@_says_errors
def share_revoke(number: str, to: str | None, by: str, why: str, config: Path) -> None:
    """End a share now: its links open for nobody any more, and its files are deleted, in whatever place they are.

    Whoever is just looking at its page is shown out. A retry of the same message does not open it again. It cannot be undone.
    """
    click.echo(app.revoke_share(config, number, Because(by, why), to))


@share.command("purge")
@click.argument("number")
@_by
@_why
@_config
@_says_errors
def share_purge(number: str, by: str, why: str, config: Path) -> None:
    """End a share if it is open, delete its files, and forget all that is known of it: names, addresses, who fetched what.

    Without it the files go when the share ends, and the rest after [retention] shares. The audit keeps its number, who asked, and why.
    """
    click.echo(app.purge_share(config, number, Because(by, why)))


@main.group()
def audit() -> None:
    """Read what has happened to kept mail and to the policy, and see that nobody has changed it."""


@audit.command("verify")
@click.option("--noted", multiple=True, help="An end of a chain as it was printed before, WRITER:NUMBER:HASH; give it again for each one.")
@_config
@_says_errors
def audit_verify(noted: tuple[str, ...], config: Path) -> None:
    """See that no row was changed or taken out; print the ends of the chains. 1 when something is wrong.

    Whoever may write to the database could make a chain anew or cut off its end: note the ends elsewhere and give them to --noted.
    """
    is_whole, said = app.verify_audit(config, noted)
    click.echo(said)
    sys.exit(0 if is_whole else 1)


@audit.command("export")
@click.option("--case", help="Only what happened to this case.")
@_config
@_says_errors
def audit_export(case: str | None, config: Path) -> None:
    """Print the rows as JSON lines, the oldest first: when, what, by whom and why, and the hash of each."""
    click.echo(app.export_audit(config, case))


@main.group()
def dkim() -> None:
    """Keys that mail is signed with, so that receivers know who answers for it.

    What the gateway changes or writes itself is signed by the domain of its author, as the last thing before it leaves. Other mail keeps
    the signatures that it came with.
    """


@dkim.command("new-key", short_help="Make a key; say what to publish in the DNS, and what to write into the settings.")
@click.argument("domain")
@click.option("--selector", help="The key's name in the DNS.  [default: outgate and the month, outgate202611]")
@click.option("--type", "kind", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True, help="See below.")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Where to write the key.  [default: below processes.state]")
@_config
@_says_errors
def dkim_new_key(domain: str, selector: str | None, kind: str, file: Path | None, config: Path) -> None:
    """Make a key for DOMAIN, the one behind the @ of your senders. The settings stay as they are: what to change is printed.

    Every receiver knows RSA. Ed25519 has short keys and records, and many receivers do not know it yet: make one as well, and sign with
    both. To rotate, make a new key, publish it, and follow the steps that are printed: nothing in them leaves mail unsigned.
    """
    click.echo(app.new_dkim_key(config, domain, selector, kind, file))


@dkim.command("check", short_help="Look the records up in the DNS, and see that they are those of the keys.")
@click.argument("domain", required=False)
@click.option("--selector", help="This key alone.")
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with the record in this file, before it is published; nothing is looked up.",
)
@click.option("--server", default="", help="Ask this name server, by its IP address, instead of the system's: ADDRESS or ADDRESS:PORT.")
@_config
@_says_errors
def dkim_check(domain: str | None, selector: str | None, record: Path | None, server: str, config: Path) -> None:
    """See that receivers find the keys by which mail of DOMAIN, or of every domain, is signed. 1 when something is wrong.

    \b
    outgate dkim check
    outgate dkim check example.gov.uk --server 192.0.2.53      ask your own name server, before the record has spread
    outgate dkim check example.gov.uk --selector outgate202611 --record record.txt

    Keys that stand by are looked at too: their records must be there before they sign, and a week longer than they sign.
    """  # noqa: D301 - \b is click's own mark
    found = app.check_dkim(config, domain, selector, record, server)
    for one in found:
        click.echo(str(one))
    sys.exit(1 if any(one.wrong for one in found) else 0)


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


@main.group()
def vault() -> None:
    """Look after what is kept: that it is whole, and that what nobody needs goes."""


@vault.command("check", short_help="Read every object, and see that it is what it was and that none is missing.")
@click.argument("objects", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Every object there is; so it is too without an ID.")
@_config
@_says_errors
def vault_check(objects: tuple[str, ...], everything: bool, config: Path) -> None:
    """Read every object (or these), authenticate all of it, and see that what cases and shares need is there. 1 when something is wrong."""
    progress = _Progress("objects read")
    is_well, said = app.check_vault(config, () if everything else objects, progress)
    progress.end()
    click.echo(said)
    sys.exit(0 if is_well else 1)


@vault.command("sweep", short_help="Delete what nobody needs any more.")
@click.option("--yes", "really", is_flag=True, help="Delete; without it, only say how much that would be.")
@_config
@_says_errors
def vault_sweep(really: bool, config: Path) -> None:
    """Delete objects that no case, share or letter needs and that are older than a day. The keeper does so by itself.

    Only when most of the vault would go it does not: then the database may be another than the one that belongs to it.
    """
    click.echo(app.sweep_vault(config, really=really))


@main.group()
def keys() -> None:
    """Look at the master keys of what is kept, and change them."""


@keys.command("list")
@click.option("--count", is_flag=True, help="How many objects need each; reads the beginning of all of them.")
@_config
@_says_errors
def keys_list(count: bool, config: Path) -> None:
    """List the keys: since when, and what for. Never the keys themselves."""
    click.echo(app.list_keys(config, count=count))


@keys.command("rotate", short_help="Make the next master key; later, delete the old one.")
@click.argument("family", required=False)
@click.option("--retire", is_flag=True, help="Delete the older keys, once it is proved that nothing needs them.")
@_config
@_says_errors
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


@main.command(short_help="Look at everything that mail depends on.")
@_config
@_says_errors
def doctor(config: Path) -> None:
    """Look at everything mail depends on: settings, policy, next hops, keys, database, sandbox, libraries. 1 when something is wrong."""
    findings = app.doctor(config)
    for finding in findings:
        click.echo(str(finding))
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)


if __name__ == "__main__":
    main()
