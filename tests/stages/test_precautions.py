"""What doctor says of settings that work and are still not safe."""

import shutil
from pathlib import Path

import pytest

from gateway.app.pack import load_policy
from gateway.app.precautions import open_to_others, unsafe_hops, unsafe_places, unsafe_portal, unusual
from gateway.app.prepare import prepare
from gateway.config import Settings, load
from gateway.errors import BadConfig
from tests.policy.packs import RULES

SETTINGS = """\
[organisation]
name = "Council"
domains = ["council.example"]
[listen.main]
address = "127.0.0.1:10025"
[next_hop.mailboxes]
host = "mail.council.example"
[next_hop.internet]
host = "127.0.0.1"
[next_hop.encrypted]
host = "encrypts.example"
tls = "verified"
trigger_header = "X-Outgate-Route: 4711"
[policy]
source = "RULES/starter"
[notices]
next_hop = "mailboxes"
""".replace("RULES", str(RULES))


def given(folder: Path, text: str = SETTINGS) -> Settings:
    path = folder / "outgate.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path)


def hops(settings: Settings) -> list[str]:
    return list(unsafe_hops(settings, load_policy(settings.policy.source, settings)))


def test_all_is_well(tmp_path):
    settings = given(tmp_path)
    prepare(settings)

    assert hops(settings) == []
    assert list(open_to_others(settings)) == []


def test_the_placeholder_of_the_reference_is_pointed_at(tmp_path):
    """Found: it served with the value that everybody can read."""
    (said,) = hops(given(tmp_path, SETTINGS.replace("4711", "change-this-to-something-unguessable")))

    assert said.startswith("next_hop.encrypted.trigger_header is still the one that everybody can read")


@pytest.mark.parametrize(
    ("section", "line", "says"),
    [
        (
            "listen.main",
            'networks = ["192.0.2.0/24", "0.0.0.0/0"]',
            "listen.main.networks has 0.0.0.0/0: everybody who reaches 127.0.0.1:10025 may relay",
        ),
        ("listen.main", 'networks = ["::/0"]', "listen.main.networks has ::/0"),
        ("listen.main", "networks = []", "nobody may relay there"),
        ("listen.main", 'xforward = ["0.0.0.0/0"]', "listen.main.xforward believes everybody"),
        ("listen.main", "max_message = 100", "listen.main.max_message is 100 octets"),
        ("listen.main", 'deadline = "2s"', "listen.main.deadline is 2 s"),
        ("examine", 'memory = "336"', "examine.memory is 0.0 MB, of which 160 MB are the libraries"),
        ("examine", 'seconds = "0.5s"', "examine.seconds is under a second"),
        ("examine", 'wall = "2s"', "or more than examine.wall"),
    ],
)
def test_what_is_most_likely_not_meant_is_pointed_at(tmp_path, section, line, says):
    """Found: an open relay, a relay for nobody, 100 octets for a message, and doctor was content."""
    text = (
        SETTINGS.replace("[listen.main]\n", f"[listen.main]\n{line}\n") if section == "listen.main" else SETTINGS + f"[{section}]\n{line}\n"
    )
    (said,) = unusual(given(tmp_path, text))

    assert says in said
    assert list(unusual(given(tmp_path))) == []


@pytest.mark.parametrize("tls", ["none", "opportunistic"])
def test_protection_that_may_go_in_clear_is_pointed_at(tmp_path, tls):
    """Found: a route gave protection through a hop that was reached without TLS, and doctor was content."""
    (said,) = hops(given(tmp_path, SETTINGS.replace('"verified"', f'"{tls}"')))

    assert said.startswith("route `encrypted` gives ")
    assert f'by next_hop.encrypted, but tls = "{tls}" lets mail go there in clear' in said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_hop_on_this_machine_needs_no_tls(tmp_path, host):
    assert hops(given(tmp_path, SETTINGS.replace('"verified"', '"none"').replace("encrypts.example", host))) == []


@pytest.mark.parametrize(
    ("place", "mode", "says"),
    [
        ("outgate.toml", 0o644, "outgate.toml may be read by others: chmod 640"),
        ("outgate.toml", 0o604, "outgate.toml may be read by others: chmod 600"),
        ("outgate.toml", 0o640, None),  # root's, and the service's group
        ("var/vault", 0o777, "var/vault is open to others (mode 777): chmod 700"),
        ("var/keys", 0o755, "var/keys is open to others (mode 755): chmod 700"),
        ("var", 0o770, "var is open to others (mode 770): chmod 700"),
        ("var/outgate.db", 0o644, "var/outgate.db may be read by others: chmod 640"),
    ],
)
def test_what_others_may_read_is_pointed_at(tmp_path, place, mode, says):
    """Found: settings of mode 644 and a vault of mode 777, and doctor was content."""
    settings = given(tmp_path)
    prepare(settings)
    (tmp_path / "var" / "outgate.db").chmod(0o600)
    (tmp_path / place).chmod(mode)

    assert [said.removeprefix(f"{tmp_path}/").partition(f" {tmp_path}/")[0] for said in open_to_others(settings)] == (
        [says] if says else []
    )


def test_real_mail_does_not_go_where_the_sample_mail_of_quickstart_is(tmp_path):
    """Found: `cp deploy/outgate.toml outgate.toml; outgate serve` took over the demonstration's cases and keys."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "outgate.toml").write_text("# Written by deploy/quickstart; deploy/outgate.toml explains every key.\n")

    with pytest.raises(BadConfig, match="var holds the sample mail and the keys of deploy/quickstart; name other folders in"):
        prepare(given(tmp_path))
    prepare(
        given(
            tmp_path,
            SETTINGS
            + '[vault]\nurl = "state/vault"\nkeys = "state/keys"\n[processes]\nstate = "state"\n[database]\nurl = "sqlite:///state/o.db"\n',
        )
    )


def test_the_reference_shares_nothing_with_quickstart():
    settings = load(RULES.parent / "deploy" / "outgate.toml")

    assert {Path(settings.vault.url).parent.name, settings.vault.keys.parent.name, settings.processes.state.name} == {"state"}
    assert settings.database.url.endswith("/state/outgate.db")


SHARE = """  link: {kind: share, place: cloud, not_for: colleagues, provides: [protected-files], expires: {after: 14d}CLAUSE}
  encrypted:
"""
ONEDRIVE = """[place.cloud]
kind = "onedrive"
tenant = "council.example"
client_id = "1"
key = "app.key"
cert = "app.pem"
user = "files@council.example"
"""
CRYPTSHARE = """[place.cloud]
kind = "cryptshare"
url = "https://files.council.example"
client_id = "client.id"
"""
SFTP = """[place.cloud]
kind = "sftp"
host = "sftp.council.example"
user = "outgate"
key = "sftp.key"
host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExample"]
"""


@pytest.mark.parametrize(
    ("place", "clause", "says"),
    [
        (ONEDRIVE, "our own rule", None),
        (ONEDRIVE, "", "is for open data unless a clause of the source says otherwise"),
        (ONEDRIVE + 'link = "anyone"\n', "our own rule", 'open for anyone who has them: link = "people"'),
        (CRYPTSHARE, "our own rule", None),
        (CRYPTSHARE + 'opens_with = "link"\n', "our own rule", 'opens_with = "password"'),
        (SFTP, "our own rule", "no register of the pack has a partner with a `folder:`"),
    ],
)
def test_a_place_that_does_not_keep_what_its_route_promises_is_pointed_at(tmp_path, place, clause, says):
    pack = tmp_path / "pack"
    shutil.copytree(RULES / "starter", pack)
    share = SHARE.replace("CLAUSE", f", clause: {clause}" if clause else "")
    text = (pack / "pack.yaml").read_text().replace("  encrypted:\n", share, 1)
    (pack / "pack.yaml").write_text(text)
    settings = given(tmp_path, SETTINGS.replace(f"{RULES}/starter", str(pack)) + place)

    found = list(unsafe_places(settings, load_policy(settings.policy.source, settings)))

    assert len(found) == (says is not None)
    assert says is None or says in found[0]


def test_what_another_place_cannot_know_is_pointed_at(tmp_path):
    pack = tmp_path / "pack"
    shutil.copytree(RULES / "starter", pack)
    share = SHARE.replace("CLAUSE", ", clause: our own rule, download_limit: 3, tell_when_fetched: true")
    (pack / "pack.yaml").write_text((pack / "pack.yaml").read_text().replace("  encrypted:\n", share, 1))
    settings = given(tmp_path, SETTINGS.replace(f"{RULES}/starter", str(pack)) + ONEDRIVE)

    found = list(unsafe_places(settings, load_policy(settings.policy.source, settings)))

    assert [said.partition(",")[0] for said in found] == ["route `link` has `download_limit`", "route `link` has `tell_when_fetched`"]


def test_the_keys_of_places_are_private_too(tmp_path):
    settings = given(tmp_path, SETTINGS + CRYPTSHARE)
    (tmp_path / "client.id").write_text("x")
    (tmp_path / "client.id").chmod(0o644)

    assert any("client.id may be read by others" in said for said in open_to_others(settings))


PORTAL = '[portal]\nurl = "https://files.council.example"\n'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", ["portal.proxies names no reverse proxy"]),
        ('proxies = ["127.0.0.1/32"]', []),
        ('proxies = ["10.0.0.1/32"]\naddress = "0.0.0.0:10081"', ["portal.address 0.0.0.0:10081 takes in clear"]),
        ('cert = "c.pem"\nkey = "k.pem"\naddress = "0.0.0.0:443"', []),
    ],
)
def test_a_portal_that_takes_everybody_for_its_proxy_is_pointed_at(tmp_path, lines, says):
    said = list(unsafe_portal(given(tmp_path, SETTINGS + PORTAL + lines + "\n")))
    assert len(said) == len(says)
    assert all(one.startswith(start) for one, start in zip(said, says, strict=True))


def test_the_keys_of_the_portal_are_private_too(tmp_path):
    settings = given(tmp_path, SETTINGS + PORTAL + 'cert = "c.pem"\nkey = "k.pem"\nkeys = "own"\n')
    (tmp_path / "k.pem").write_text("x")
    (tmp_path / "k.pem").chmod(0o644)
    (tmp_path / "own").mkdir(mode=0o755)
    assert {says.split(" ")[0] for says in open_to_others(settings)} == {str(tmp_path / "k.pem"), str(tmp_path / "own")}
