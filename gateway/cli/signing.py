"""outgate dkim: keys that sign mail, and their records in the DNS."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway import app
from gateway.cli.options import Group, config_option, says_errors


@click.group(cls=Group)
def dkim() -> None:
    """Keys that mail is signed with, so that receivers know who answers for it.

    What the gateway changes or writes itself is signed by the domain of its author, as the last thing before it leaves. Other mail keeps
    the signatures that it came with.
    """


@dkim.command("new-key", short_help="Make a key; say what to publish in the DNS, and what to write into the settings.")
@click.argument("domain")
@click.option("--selector", help="The key's name in the DNS.  [default: outgate and the month, outgate202611]")
@click.option("--type", "kind", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True, help="See below.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the key.  [default: in dkim/, beside the folder of vault.keys]",
)
@config_option
@says_errors
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
@config_option
@says_errors
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
