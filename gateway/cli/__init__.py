"""The command line. Each command reads its arguments, lets app do the work, prints. Errors say what to do and end with 1 (misuse: 2)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from gateway import app
from gateway.cli.audits import audit
from gateway.cli.holds import hold
from gateway.cli.options import CONTEXT, Group, config_if_there, config_option, said, says_errors
from gateway.cli.policies import policy
from gateway.cli.shares import share
from gateway.cli.signing import dkim
from gateway.cli.vaults import keys, vault


@click.group(cls=Group, context_settings=CONTEXT)
@click.version_option(package_name="outgate")
def main() -> None:
    """Outgate, an outbound mail gateway that decides for each recipient by a written policy.

    \b
    Start:       outgate serve --config outgate.toml
    Try:         outgate explain message.eml --sender me@example.org --recipient you@example.com
    Write rules: outgate policy check rules/starter; outgate policy test rules/starter
    Decide:      outgate hold list; outgate hold release 7KQ-402 --by "A. Smith" --why "agreed with the owner"
    Links:       outgate share list; outgate share revoke 7KQ-402 --by "A. Smith" --why "sent to the wrong person"
    Look after:  outgate doctor; outgate vault check; outgate keys list; outgate dkim check
    """  # noqa: D301 - \b is click's own mark


@main.command(short_help="Run the gateway.")
@click.argument("process", type=click.Choice(["smtp", "keeper", "portal", "recorder"]), required=False)
@config_option
@click.option("--socket", "sockets", multiple=True, hidden=True, help="NAME=DESCRIPTOR of a listening socket, from the supervisor.")
@click.option("--pulse", type=int, hidden=True, help="Descriptor of the pulse pipe, from the supervisor.")
@click.option("--parent", type=int, hidden=True, help="Process id of the supervisor.")
@click.option("--suspects", type=int, hidden=True, help="Descriptor of the memory that the processes share, from the supervisor.")
@click.option("--number", type=int, default=1, hidden=True, help="Which of its kind, from the supervisor.")
@says_errors
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
@config_if_there
@says_errors
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
    for problem in found.in_vain:
        click.echo(said(problem), err=True)
    click.echo(json.dumps(found.as_json, indent=2, ensure_ascii=False) if as_json else found.as_text)


@main.command(short_help="Look at everything that mail depends on.")
@config_option
@says_errors
def doctor(config: Path) -> None:
    """Look at everything mail depends on: settings, policy, next hops, keys, database, sandbox, libraries. 1 when something is wrong."""
    findings = app.doctor(config)
    for finding in findings:
        click.echo(str(finding))
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)


for group in (policy, hold, share, audit, dkim, vault, keys):
    main.add_command(group)
