"""What recipients and senders are told of files in other places, in every language of the starter pack."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.mime.block import as_text
from gateway.model.share import Offer, SharedFile
from gateway.policy.parse_pack import load_pack
from gateway.policy.receipt import Sent, link_words
from gateway.policy.share_words import Given, blocks
from tests.deliveries import HOUSE, policy
from tests.policy.packs import OWN, files_of

AT = datetime(2026, 12, 10, 14, 6, tzinfo=UTC)
FILE = SharedFile("1", "Report.pdf", "application/pdf", 5 * 1024 * 1024, "x")
ANN, BEA = "ann@own.example", "bea@else.example"
FOLDER = {
    "folder": "/else/7KQ-402",
    "host": "sftp.own.example",
    "port": "2222",
    "user": "exelse",
    "fingerprint": "SHA256:2ytUP5UMc3EDN0C94QzUWAKHKpLYcmBWUeRm0d8WBNE",
    "liaison": "Jo Smith (jo@else.example)",
    "web": "https://web.own.example",
}
OFFERS = {
    "onedrive": Offer(BEA, "https://own.sharepoint.example/:f:/g/abc", AT, "onedrive", {"address": BEA}),
    "sftp": Offer(BEA, "sftp://exelse@sftp.own.example:2222/else/7KQ-402/", AT, "sftp", FOLDER),
    "cryptshare": Offer(BEA, "https://cryptshare.own.example/Start?transferId=1", AT, "cryptshare", {"password_from": ANN}),
}


def starter():
    return load_pack(files_of("starter"), OWN)


@pytest.mark.parametrize("language", ["en", "cy", "es", "ar"])
@pytest.mark.parametrize("kind", OFFERS)
def test_each_language_says_all_that_is_needed(kind, language):
    first, *rest = blocks(Given(OFFERS[kind], (FILE,), ANN, shows_names=False), language, starter(), HOUSE)
    text = " ".join(as_text(first).split())

    assert first.language == language
    assert [block.language for block in rest] == ([] if language == "en" else ["en"])
    wanted = {"onedrive": (OFFERS[kind].link, BEA), "sftp": tuple(FOLDER.values()), "cryptshare": (OFFERS[kind].link,)}[kind]
    assert all(one in text for one in (*wanted, ANN, "2026", "PDF, 5 MB"))
    assert "FileZilla" in text if kind == "sftp" else "://" in text
    assert "Report" not in text


def test_where_the_link_is_enough_no_password_is_spoken_of():
    without = replace(OFFERS["cryptshare"], said={})
    text = as_text(blocks(Given(without, (FILE,), ANN, shows_names=False), "en", policy(), HOUSE)[0])

    assert "password" not in text


@pytest.mark.parametrize(
    ("kind", "said", "says", "never"),
    [
        ("onedrive", {}, "went to OneDrive", "password"),
        ("sftp", {}, "into the folders of the people's organisations", "password"),
        ("cryptshare", {"password": "Ab3c-De4f"}, "by telephone or another way than email: Ab3c-De4f", "mailbox"),
        ("cryptshare", {}, "went to Cryptshare", "telephone or"),
        ("own", {"access_key": "key"}, "a code sent to their mailbox", "OneDrive"),
    ],
)
def test_the_senders_receipt_fits_the_place(kind, said, says, never):
    page = Offer(ANN, "https://files.own.example/#t" if kind == "own" else "", AT, kind, said)
    (text,) = link_words([Sent("7KQ-402", ((BEA, (FILE,)),), AT, page)], policy(), HOUSE)

    assert says in text
    assert never not in text
    assert "- Report.pdf: 5 MB" in text
    assert kind == "own" or "say 7KQ-402: " in text


def test_a_link_that_ends_before_the_share_is_told_with_its_own_end():
    page = Offer(ANN, "", datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "onedrive")
    (text,) = link_words([Sent("7KQ-402", ((BEA, (FILE,)),), AT, page)], policy(), HOUSE)

    assert "until 1 December 2026, 09:00" in text


def test_connecticut_says_it_in_spanish_too():
    pack = load_pack(files_of("connecticut-state"), OWN)

    assert "carpeta" in as_text(blocks(Given(OFFERS["sftp"], (FILE,), ANN, shows_names=False), "es", pack, HOUSE)[0])
