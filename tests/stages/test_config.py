"""outgate.toml: what is read, and what a person hears of a mistake."""

from pathlib import Path

import pytest

from gateway.config import MB, load
from gateway.errors import BadConfig

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
    assert "notices.next_hop names `elsewhere`, which is no [next_hop.NAME]; there are: mailboxes" in said


def test_a_hop_is_one_of_two_kinds(tmp_path):
    (said,) = problems(tmp_path, GOOD + '[next_hop.both]\nhost = "a"\nmaildir = "b"\n')
    assert said.endswith("a next hop has either `host` or `maildir`")


def test_what_is_no_toml_has_its_place(tmp_path):
    (said,) = problems(tmp_path, "[organisation\n")
    assert said.startswith("outgate.toml:1:14: is no TOML")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadConfig, match="cannot be read: No such file or directory; name another file with --config"):
        load(tmp_path / "none.toml")
