"""Words beside subject and body in mail that is attached: header fields of a saved mail, categories, places and all that an Outlook form shows."""

from collections.abc import Iterator

from tests.build.outlook import msg, tnef
from tests.corpus.entries import MARKING, OUTSIDER, PERSON, SENDER, Technique, carrying, mail

_MSG, _TNEF = "application/vnd.ms-outlook", "application/ms-tnef"
_DIRECTORY = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=NHS 4857773457-clerk"
_TRANSPORT = (
    "Received: from a (10.0.0.1) by b id NHS 4857773457\r\nMessage-ID: <NHS.4857773457@sender.example>\r\nX-Trace: NHS 4857773457\r\n"
)


def techniques() -> Iterator[Technique]:
    for how, octets in _items().items():
        yield Technique("outlook", f"{how} of a .msg", "detector", "nhs-number", carrying("a.msg", octets, _MSG))
    yield Technique(
        "outlook", "a category of a .msg", "marking", "properties", carrying("a.msg", msg(public={"Keywords": ("Blue", MARKING)}), _MSG)
    )
    for how, octets in _packed().items():
        yield Technique("outlook", f"{how} of a winmail.dat", "detector", "nhs-number", carrying("winmail.dat", octets, _TNEF))
    for field, value in {"Comments": PERSON, "Keywords": PERSON, "To": f'"{PERSON.replace(":", "")}" <a@b.example>'}.items():
        saved = f"From: {SENDER}\r\n{field}: {value}\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nHello.\r\n".encode()
        yield Technique(
            "outlook",
            f"the field {field} of an attached mail",
            "detector",
            f"header field {field}",
            carrying("a.eml", saved, "message/rfc822"),
        )


def _items() -> dict[str, bytes]:
    return {
        "one of many categories": msg(public={"Keywords": ("Blue", PERSON)}),
        "the place": msg(public={0x8208: (PERSON,)}),
        "the government's number on a card": msg(streams={"3A07001F": _wide(PERSON)}),
        "the topic": msg(streams={"0070001F": _wide(PERSON)}),
        "the line of those it went to": msg(streams={"0E04001F": _wide(PERSON)}),
        "a field of somebody's form": msg(public={"NHS number": ("4857773457",)}),
        "the name of a recipient": msg(recipients=["Kim", PERSON]),
        "a comment": msg(named={"Comments": PERSON}),
    }


def _packed() -> dict[str, bytes]:
    return {
        "the place": tnef(properties=[(0x3A0D, 0x1F, _wide(PERSON))]),
        "the topic": tnef(properties=[(0x0070, 0x1E, PERSON.encode())]),
        "a comment among its header fields": tnef(properties=[(0x007D, 0x1F, _wide(f"From: {SENDER}\r\nComments: {PERSON}\r\n\r\n"))]),
    }


def innocents() -> Iterator[tuple[str, bytes]]:
    """What Outlook keeps in every item, with long numbers in it."""
    strings = {
        "001A": "IPM.Note", "0037": "Lunch", "0070": "Lunch", "0E1D": "Lunch", "1000": "At one?", "007D": _TRANSPORT,
        "0C1A": "Kim", "0C1F": _DIRECTORY, "0065": _DIRECTORY, "3003": _DIRECTORY, "4023": _DIRECTORY, "3FFA": _DIRECTORY,
        "0E04": "'nhs4857773457@elsewhere.example'", "1035": "<NHS.4857773457@sender.example>", "1042": "<NHS.4857773457@sender.example>",
    }  # fmt: skip
    yield (
        "an item of Outlook",
        msg(
            streams={f"{tag}001F": _wide(text) for tag, text in strings.items()},
            named={"x-ms-exchange-antispam-messagedata-0": "NHS 4857773457", "x-originating-ip": "[10.0.0.1]"},
            public={"Keywords": ("Blue", "Lunch"), 0x8208: ("County Hall, room 4",), 0x8580: ("nhs-4857773457@sender.example",)},
            recipients=["Kim", "nhs4857773457@elsewhere.example"],
        ),
    )


def saved_mails() -> Iterator[tuple[str, bytes]]:
    """What machines write into every saved mail."""
    fields = [("X-Trace", "NHS 4857773457"), ("Thread-Index", "AQHNHS4857773457"), ("References", "<NHS.4857773457@sender.example>")]
    yield "an attached mail with numbers of machines", mail(text="Hello.\n", headers=fields)
    bare = f"From: nhs4857773457@sender.example\r\nTo: {OUTSIDER}, nhs-4857773457@elsewhere.example\r\nSubject: x\r\n\r\nHello.\r\n"
    yield "an attached mail to addresses that are numbers", bare.encode()


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")
