"""[place.NAME] that cannot be used: what is said, and that it names the section."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.app import doctor
from gateway.app.places import make_places
from gateway.app.prepare import prepare
from gateway.config import load
from gateway.errors import BadConfig

HEAD = """
organisation = {name = "X", domains = ["x.example"]}
listen.smtp = {address = "127.0.0.1:10025"}
next_hop.internet = {host = "127.0.0.1"}
policy.source = "pack"
notices.next_hop = "internet"
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIr5eW0PqgE6n5HjN0Qf3kX2uXo4yq1oYH0tT7o0l0aB"
ONEDRIVE = '[place.p]\nkind = "onedrive"\ntenant = "x.example"\nclient_id = "1"\nkey = "k"\ncert = "c"\n'
SFTP = f'[place.p]\nkind = "sftp"\nhost = "h"\nuser = "u"\nkey = "k"\nhost_keys = ["{KEY}"]\n'
CRYPTSHARE = '[place.p]\nkind = "cryptshare"\nurl = "https://c.example"\nclient_id = "i"\n'


def written(folder: Path, place: str) -> Path:
    path = folder / "outgate.toml"
    path.write_text(HEAD + place)
    return path


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (ONEDRIVE, "needs one of `user`, `site` and `drive`"),
        (ONEDRIVE + 'user = "a@x.example"\nsite = "x.sharepoint.com:/sites/f"\n', "needs one of `user`, `site` and `drive`"),
        (ONEDRIVE + 'user = "a@x.example"\nlink = "everyone"\n', "link"),
        (ONEDRIVE + 'user = "a@x.example"\nsecret = "s"\n', "unknown key `secret`"),
        (ONEDRIVE + 'user = "a@x.example"\ngraph = "http://graph.example"\n', "is no address of a service; write https://"),
        (ONEDRIVE + 'user = "a@x.example"\nfolder = "a/b"\n', "is no name of a folder"),
        (SFTP.replace(KEY, "SHA256:abc"), "is no public key of a host; write the line of its .pub file"),
        (SFTP.replace(f'["{KEY}"]', "[]"), "host_keys"),
        (SFTP + 'shown_folder = "{partner}"\n', "is no folder; write /{folder}"),
        (CRYPTSHARE.replace("https", "http"), "is no address of a service; write https://"),
        (CRYPTSHARE + 'link = "https://c.example/?id={id}"\n', "is no address of a transfer"),
        (CRYPTSHARE + 'opens_with = "sms"\n', "opens_with"),
        ('[place.p]\nkind = "dropbox"\n', "there are: own, onedrive, sftp, cryptshare"),
    ],
)
def test_what_is_written_wrong_is_said_when_it_is_read(tmp_path, place, says):
    with pytest.raises(BadConfig) as bad:
        load(written(tmp_path, place))

    assert says in str(bad.value)
    assert "place.p" in str(bad.value)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (ONEDRIVE + 'user = "a@x.example"\nca = "nowhere.pem"\n', "place.p: its `ca` cannot be used: No such file"),
        (CRYPTSHARE + 'ca = "outgate.toml"\n', "place.p: its `ca` cannot be used"),
        (SFTP.replace("AAAAC3Nz", "AAAAXXXX"), "place.p: host_keys: this is no public key"),
    ],
)
def test_what_cannot_be_used_is_said_when_it_is_opened(tmp_path, place, says):
    settings = load(written(tmp_path, place))

    with pytest.raises(BadConfig) as bad:
        make_places(settings, None, None, None, None)

    assert says in str(bad.value)


def test_every_kind_is_made_as_it_is_set(tmp_path):
    places = ONEDRIVE + 'user = "a@x.example"\n' + SFTP.replace("[place.p]", "[place.q]") + CRYPTSHARE.replace("[place.p]", "[place.r]")

    made = make_places(load(written(tmp_path, places)), None, None, None, None)

    assert [type(place).__name__ for place in made.values()] == ["OneDrive", "Sftp", "CryptshareTransfers"]


@pytest.mark.slow
def test_without_the_extra_it_is_said_what_to_install(tmp_path):
    code = """
import sys; sys.modules["asyncssh"] = None
from pathlib import Path
from gateway.app import doctor
from gateway.app.prepare import prepare
from gateway.app.places import make_places
from gateway.config import load
try: make_places(load(Path(sys.argv[1])), None, None, None, None)
except Exception as error: print(error)
"""
    done = subprocess.run((sys.executable, "-c", code, written(tmp_path, SFTP)), capture_output=True, text=True, check=False)

    assert "place.p needs asyncssh, which is not installed; install outgate[sftp]" in done.stdout, done.stderr


def test_of_a_place_that_answers_too_late_doctor_says_so(tmp_path, monkeypatch):
    """Found: `place p:` and no word behind it, because a TimeoutError is an OSError too."""

    class Deaf:
        async def check(self) -> None:
            await asyncio.Event().wait()

        async def close(self) -> None:
            pass

    settings = load(written(tmp_path, CRYPTSHARE))
    prepare(settings)
    monkeypatch.setattr(doctor, "_SECONDS", 0.01)
    monkeypatch.setattr(doctor, "make_places", lambda *_: {"p": Deaf()})

    (look,) = asyncio.run(doctor._places(settings, object()))  # the pack is for the places alone
    assert (look.what, look.is_well, look.says) == ("place p", False, "did not answer in 0.03 seconds")
