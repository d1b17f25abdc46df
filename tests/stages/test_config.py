"""outgate.toml: what is read, and what a person hears of a mistake."""

import json
import tomllib
from pathlib import Path

import pytest

from gateway.app.house import house_of
from gateway.config import MB, Portal, load
from gateway.errors import BadConfig

REFERENCE = Path(__file__).resolve().parents[2] / "deploy" / "outgate.toml"
GOOD = """\
[organisation]
name = "Council"
domains = ["council.example"]
[listen.main]
address = "127.0.0.1:10025"
protocol = "lmtp"
[listen.proxy]
address = "[::1]:10026"
position = "before-queue"
max_message = "40MB"
[next_hop.mailboxes]
host = "mail.council.example"
[policy]
source = "rules"
[notices]
next_hop = "mailboxes"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "outgate.toml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadConfig) as caught:
        load(write(folder, text))
    return [str(problem).removeprefix(str(folder) + "/") for problem in caught.value.problems]


def test_relative_paths_are_seen_from_the_file(tmp_path):
    settings = load(write(tmp_path, GOOD))
    assert settings.policy.source == tmp_path / "rules"
    assert settings.database.url == f"sqlite:///{tmp_path}/var/outgate.db"
    assert settings.vault.url == str(tmp_path / "var/vault")


@pytest.mark.parametrize("name", ["bad name", "-a.example", "a..example", "a.example\n", "x" * 300])
def test_a_host_name_that_is_none_is_said_so(tmp_path, name):
    (said,) = problems(tmp_path, GOOD.replace('name = "Council"', f'name = "Council"\nhostname = {json.dumps(name)}'))
    assert "is no name of a machine; write outgate.example.gov.uk" in said


def test_the_name_in_reports_is_the_one_of_the_settings_and_never_localhost(tmp_path):
    """Found: Received, Message-ID and Reporting-MTA said `localhost`, although the machine has a name, and no setting could change it."""
    named = load(write(tmp_path, GOOD.replace('name = "Council"', 'name = "Council"\nhostname = "outgate.council.example"')))
    assert house_of(named).hostname == "outgate.council.example"
    assert house_of(load(write(tmp_path, GOOD))).hostname.partition(".")[0] != "localhost"


def test_deadline_and_patience_follow_the_position(tmp_path):
    settings = load(write(tmp_path, GOOD))
    after, before = settings.listen["main"], settings.listen["proxy"]
    assert (after.deadline_seconds, after.patience_seconds) == (540, 14400)
    assert (before.deadline_seconds, before.patience_seconds) == (85, 0)
    assert before.max_message == 40 * MB


def test_the_reference_in_deploy_is_understood_with_every_key_uncommented(tmp_path):
    reference = (Path(__file__).resolve().parents[2] / "deploy" / "outgate.toml").read_text()
    assert load(write(tmp_path, reference)).organisation.name == "Example Council"
    lines = []
    for line in reference.splitlines():
        bare = line.removeprefix("# ")
        is_key = line.startswith("# ") and (bare.startswith("[") or (" = " in bare.split("#")[0] and bare.split(" ")[0].isidentifier()))
        if is_key and not bare.startswith(("maildir", 'tls = "none"', "position", "client_names")):
            lines.append(bare)
        elif not line.startswith("#"):
            lines.append(line)
    every = "\n".join(lines).replace('postmaster = "postmaster@example.gov.uk"  # who', 'postmaster = "postmaster@example.gov.uk"  # who')
    assert load(write(tmp_path, every)).processes.metrics == "127.0.0.1:9460"


def test_an_unknown_key_has_its_line_and_a_way_out(tmp_path):
    assert problems(tmp_path, GOOD.replace("protocol =", "protocoll =")) == [
        "outgate.toml:6:1: listen.main.protocoll: unknown key `protocoll`; did you mean `protocol`?"
    ]


def test_a_size_that_is_none_says_how_to_write_one(tmp_path):
    assert problems(tmp_path, GOOD.replace('"40MB"', '"40 megs"')) == [
        "outgate.toml:10:1: listen.proxy.max_message: `40 megs` is no size; write 35MB, 512KB or a number of octets"
    ]


def test_notices_need_a_hop_that_is_there(tmp_path):
    (said,) = problems(tmp_path, GOOD.replace('next_hop = "mailboxes"', 'next_hop = "elsewhere"'))
    assert said == "outgate.toml:16:1: notices.next_hop: names `elsewhere`, which is no [next_hop.NAME]; there are: mailboxes"


def test_a_hop_is_one_of_two_kinds(tmp_path):
    (said,) = problems(tmp_path, GOOD + '[next_hop.both]\nhost = "a"\nmaildir = "b"\n')
    assert said.endswith("a next hop has either `host` or `maildir`")


def test_what_is_no_toml_has_its_place(tmp_path):
    (said,) = problems(tmp_path, "[organisation\n")
    assert said.startswith("outgate.toml:1:14: is no TOML")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadConfig, match="cannot be read: No such file or directory; name another file with --config"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "value", ["encrypt me", "X-Route:", "X Route: encrypt", "X-Route: encrypt\\r\\nTo: a@b.example", "X-Route: \u00e9", ": x"]
)
def test_a_trigger_header_that_is_no_header_field_is_refused(tmp_path, value):
    """Found: `encrypt me` was accepted; it ended the header section of every copy, and what was to be encrypted left in clear."""
    (said,) = problems(tmp_path, GOOD + f'[next_hop.encrypted]\nhost = "e.example"\ntrigger_header = "{value}"\n')

    assert said.startswith("outgate.toml:19:1: next_hop.encrypted.trigger_header: `")
    assert said.endswith("` is no header field; write `X-Name: value`, in ASCII and on one line")


@pytest.mark.parametrize("name", ["Subject", "content-type", "DKIM-Signature", "Resent-From"])
def test_a_trigger_header_takes_nothing_out_that_users_need(tmp_path, name):
    (said,) = problems(tmp_path, GOOD + f'[next_hop.encrypted]\nhost = "e.example"\ntrigger_header = "{name}: x"\n')

    assert f"`{name}` belongs to the message" in said


@pytest.mark.parametrize("value", ["X-Outgate-Route: 4711 b", "X-Route:yes", "Sensitivity: Company-Confidential"])
def test_a_trigger_header_is_any_other_field(tmp_path, value):
    settings = load(write(tmp_path, GOOD + f'[next_hop.encrypted]\nhost = "e.example"\ntrigger_header = "{value}"\n'))

    assert settings.next_hop["encrypted"].trigger_header == value


@pytest.mark.parametrize(
    ("domains", "says"),
    [
        ('["@council.example"]', "`@council.example` is no domain; write council.example"),
        ('[" council.example"]', "` council.example` is no domain; write council.example"),
        ('["*.council.example"]', "`*.council.example` is no domain; write council.example"),
        ('["council example"]', "`council example` is no domain; write example.gov.uk"),
        ("[]", 'must name one domain at least, domains = ["example.gov.uk"]: without one no mail would be ours'),
    ],
)
def test_domains_that_are_none_are_no_traceback(tmp_path, domains, says):
    """Found: serve, doctor and policy check all ended in a traceback."""
    said = problems(tmp_path, GOOD.replace('["council.example"]', domains))

    assert said == [f"outgate.toml:3:1: organisation.domains: {says}"]


@pytest.mark.parametrize(
    "domain", ["council.example", "Council.EXAMPLE", "my_host.example", "caf\u00e9.example", "xn--caf-dma.example", "lan"]
)
def test_domains_are_written_as_people_know_them(tmp_path, domain):
    assert load(write(tmp_path, GOOD.replace("council.example", domain, 1))).organisation.domains == (domain,)


@pytest.mark.parametrize("key", ["postmaster", "sender"])
def test_an_address_without_a_domain_is_none(tmp_path, key):
    """Found: `postmaster = "postmaster"` was accepted, and no alarm could ever reach anybody."""
    after = "[notices]\n" if key == "sender" else "[organisation]\n"
    (said,) = problems(tmp_path, GOOD.replace(after, f'{after}{key} = "postmaster"\n'))

    assert said.endswith(f".{key}: `postmaster` is no address; write postmaster@example.gov.uk")


def test_a_key_below_the_wrong_header_says_which_is_the_right_one(tmp_path):
    """Found: `metrics` uncommented, but not the line `[processes]` above it; the error named keys of [notices] only."""
    (said,) = problems(tmp_path, GOOD + 'metrics = "127.0.0.1:9460"\n')

    assert said == (
        "outgate.toml:17:1: notices.metrics: unknown key `metrics`; it belongs below [processes]: is that line there, and no # before it?"
    )


def test_a_mistake_stands_in_its_own_section(tmp_path):
    """Found: the line was that of the first key of this name, wherever."""
    (said,) = problems(tmp_path, GOOD.replace('address = "[::1]:10026"', 'address = "10026"'))

    assert said.startswith("outgate.toml:8:1: listen.proxy.address: ")


def test_errors_name_the_file_that_was_named(tmp_path):
    """Found: what was wrong with bad.toml was said of outgate.toml."""
    path = tmp_path / "bad.toml"
    path.write_text(GOOD)

    assert str(load(path).wrong("is taken")) == f"{path}: is taken"


DATABASE = "[database]\n"
VAULT = "[vault]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # Found: all of these were accepted, or ended in a traceback or in words for programmers.
        (
            GOOD + DATABASE + 'url = "sqlite://state/outgate.db"',
            "18:1: database.url: `sqlite://state/outgate.db` names no file; write sqlite:///state/",
        ),
        (GOOD + DATABASE + 'url = "sqlite:///"', "18:1: database.url: `sqlite:///` names no file"),
        (GOOD + DATABASE + 'url = "postgresql+psycopg://u:p@127.0.0.1:port/d"', "18:1: database.url: has no number for a port"),
        (GOOD + DATABASE + 'url = "mysql://u@h/d"', "18:1: database.url: is no address of a database"),
        (GOOD + VAULT + 'url = "s3:/b/p"', "17:1: vault: `s3:/b/p` is no vault"),
        (GOOD + VAULT + 'url = ""', "17:1: vault: url is empty"),
        (GOOD + VAULT + 'keys = ""', "18:1: vault.keys: is empty; write a path, or take the line out"),
        (GOOD + "[retention]\nkeep = 7", "18:1: retention.keep: 7 seconds is too short to keep anything; write 7d if days are meant"),
        (GOOD + '[retention]\njournal = "0d"', "18:1: retention.journal: 0 seconds is too short"),
        (GOOD + '[examine]\nseconds = "0s"', "18:1: examine.seconds: must be more than 0"),
        (GOOD.replace("[listen.proxy]\n", '[listen.proxy]\ndeadline = "0s"\n'), "8:1: listen.proxy.deadline: must be more than 0"),
        (GOOD + '[next_hop.kept]\nmaildir = ""', "18:1: next_hop.kept.maildir: is empty"),
        (GOOD.replace('"127.0.0.1:10025"', '"999.0.0.1:10025"'), "5:1: listen.main.address: `999.0.0.1:10025` is no address"),
        (
            GOOD.replace('"mail.council.example"', '"https://x.example"'),
            "12:1: next_hop.mailboxes.host: `https://x.example` is no name of a machine; write x.example",
        ),
        (GOOD.replace('"mail.council.example"', '"mail server"'), "12:1: next_hop.mailboxes.host: `mail server` is no name of a machine"),
        (GOOD.replace('"mail.council.example"', '"127.0.0.1:26"'), 'write host = "127.0.0.1" and port = 26'),
        (
            GOOD.replace('["council.example"]', '"council.example"'),
            '3:1: organisation.domains: is a list; write domains = ["council.example"], in brackets',
        ),
        (
            GOOD.replace("[listen.main]", "[listen]", 1).replace("[listen.proxy]", "[listen.x]"),
            "4:1: listen: each has a name of its own; write [listen.main]",
        ),
        (GOOD.replace("[next_hop.", "[nexthop."), "11:1: nexthop: unknown key `nexthop`; did you mean `next_hop`?"),
        (
            GOOD + "[dkim.council.example]\nsign = {a = 'k'}",
            '17:1: dkim: a domain has dots, so TOML wants it in quotation marks: [dkim."council.example"]',
        ),
        (GOOD.replace('"council.example"', "\u201ccouncil.example\u201d", 1), "text stands in straight quotation marks"),
        (
            GOOD.replace('protocol = "lmtp"', "networks = ['10.0.0.0/33']"),
            "6:1: listen.main.networks: `10.0.0.0/33` is no network; write 192.0.2.0/24",
        ),
        (GOOD + '[portal]\nurl = "https://a.example"\ndatabase = "sqlite:///x"', "19:1: portal.database: is no address of a database"),
    ],
)
def test_mistakes_that_were_accepted_or_not_understood(tmp_path, text, says):
    assert any(says in said for said in problems(tmp_path, text + "\n")), problems(tmp_path, text + "\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "mail", "mail_1.lan", "mail.example.gov.uk.", "xn--caf-dma.example"])
def test_a_next_hop_is_where_a_machine_can_be(tmp_path, host):
    settings = load(write(tmp_path, GOOD.replace("mail.council.example", host)))

    assert settings.next_hop["mailboxes"].host == host.strip("[]")


def test_a_file_of_another_encoding_has_its_line(tmp_path):
    """Found: `'utf-8' codec can't decode byte 0xe9 in position 24`."""
    path = tmp_path / "outgate.toml"
    path.write_bytes(GOOD.replace("Council", "Caf\u00e9").encode("latin-1"))
    with pytest.raises(BadConfig, match=r"outgate.toml:2:12: is not UTF-8 here; save the file as UTF-8"):
        load(path)


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "outgate.toml"
    path.write_bytes(GOOD.encode("utf-8-sig"))

    assert load(path).organisation.name == "Council"


PORTAL = '[portal]\nurl = "https://files.council.example"\n'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('url = "http://files.council.example"', "`http://files.council.example` goes in clear; write https://files.council.example"),
        ('url = "https://council.example/files"', "is no address of a site of its own"),
        ('url = "files.council.example"', "is no address of a site of its own"),
        ('url = "https://a.example@b.example"', "is no address of a site of its own"),
        ('url = "http://127.0.0.1:10080"', "`http://127.0.0.1:10080` has a port that browsers refuse to open"),
        ('url = ""', "url is missing"),
        ('address = "127.0.0.1:1"', "portal.url: is missing"),
        ('url = "https://a.example"\ncert = "c.pem"', "`cert` and `key` go together"),
        ('url = "https://a.example"\ndownloads_url = "http://localhost:8080"', "url and downloads_url must both be https"),
        ('url = "https://a.example"\ndownloads_url = "https://a.example"', "downloads_url must be another name than url"),
        ('url = "https://a.example"\ndownload_url = "https://b.example"', "unknown key `download_url`; did you mean `downloads_url`?"),
    ],
)
def test_what_is_no_portal_is_said_so(tmp_path, lines, says):
    (said,) = problems(tmp_path, GOOD + "[portal]\n" + lines + "\n")
    assert says in said


def test_a_portal_is_an_origin(tmp_path):
    portal = load(write(tmp_path, GOOD + PORTAL.replace("files.council.example", "Files.Council.example:8443/"))).portal

    assert portal is not None
    assert portal.url == "https://files.council.example:8443"
    assert portal.is_https
    assert load(write(tmp_path, GOOD)).portal is None


S3 = 'url = "s3://bucket/some/where"\n'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('url = "gs://bucket"', "`gs://bucket` is no vault; write a folder, s3://bucket/prefix or az://container/prefix"),
        ('url = "s3://"', "is no vault"),
        ('url = "s3://Bucket_Of/x"', "is no vault"),
        ('url = "s3://bucket/a b"', "is no vault"),
        ('url = "s3://bucket/a/../b"', "is no vault"),
        ('region = "eu-west-2"', "`region` belongs to a bucket, and `var/vault` is a folder"),
        (S3 + 'endpoint = "http://s3.example"', "http:// is only for this machine; write https://s3.example"),
        (S3 + 'endpoint = "s3.example"', "`s3.example` is no address; write https://s3.example.gov.uk"),
        (S3 + 'account = "a"', "`account` and `secret` (or `secret_file`) go together"),
        (S3 + 'secret = "a"', "`account` and `secret` (or `secret_file`) go together"),
        (S3 + 'account = "a"\nsecret = "b"\nsecret_file = "c"', "has both `secret` and `secret_file`"),
        ('quota = "much"', "`much` is no size"),
    ],
)
def test_what_is_no_vault_is_said_so(tmp_path, lines, says):
    (said,) = problems(tmp_path, GOOD + "[vault]\n" + lines + "\n")
    assert says in said


def test_a_vault_is_a_folder_or_a_bucket(tmp_path):
    access = 'account = "a"\nsecret = "hush"\nendpoint = "http://127.0.0.1:9000"\nquota = "1.5TB"\n'
    folder = load(write(tmp_path, GOOD + '[vault]\nurl = "kept"\n')).vault
    bucket = load(write(tmp_path, GOOD + "[vault]\n" + S3 + access)).vault
    alone = load(write(tmp_path, GOOD + '[vault]\nurl = "az://container"\naccount = "a"\nsecret_file = "key"\n')).vault

    assert (folder.folder, folder.bucket) == (tmp_path / "kept", None)
    assert (bucket.folder, bucket.bucket, bucket.quota) == (None, ("s3", "bucket", "some/where"), 1536 * 1024 * MB)
    assert (alone.bucket, alone.secret_file) == (("az", "container", ""), tmp_path / "key")
    assert "hush" not in repr(bucket)


def test_the_reference_s_portal_is_what_it_is_when_left_out(tmp_path):
    """Every key of [portal] stands there, and with the value that it has without it, but for the files that it names."""
    lines = (REFERENCE.read_text().split("\n# [portal]\n")[1]).split("\n\n")[0].splitlines()
    written = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))
    settings = load(write(tmp_path, GOOD + "[portal]\n" + "\n".join(line.removeprefix("# ") for line in lines) + "\n"))
    bare = Portal(url=written["url"])

    assert written.keys() == Portal.model_fields.keys()
    assert settings.portal is not None
    assert {name for name in Portal.model_fields if getattr(settings.portal, name) != getattr(bare, name)} == {"cert", "key", "keys"}
