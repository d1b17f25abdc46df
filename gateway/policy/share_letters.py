"""What is written because of shared files: the one-time code, the question of who was forwarded a link, that files were fetched. Pure.

The pack may say more in `guidance/share-code`, `share-asked` and `share-fetched` (in English, or in a language of its own); what the reader
needs stands in the frame. The code goes to a stranger, in the language of the page or of the message, as far as it is spoken here.
No letter quotes what a visitor has typed, and none names a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.model.share import Grant, Share
from gateway.policy.guidance import PLACEHOLDERS, Guidance, House
from gateway.policy.wording import Letter, fill, help_at, join

CODE, ASKED, FETCHED = "share-code", "share-asked", "share-fetched"  # the texts of a pack


@dataclass(frozen=True, slots=True)
class _Words:
    """The letter with the code, in one language."""

    subject: str
    code: str
    works: str
    unasked: str
    help: str


_WORDS: Mapping[str, _Words] = {
    "en": _Words(
        subject="Your code for the files from {organisation}",
        code="Your code is:",
        works="Type it on the page where you asked for it. It works once, until {until}.",
        unasked="You did not ask for it? Then somebody else has your link. Without this code it opens for nobody: do not pass it on.",
        help="Help: {help}.",
    ),
    "es": _Words(
        subject="Su código para los archivos de {organisation}",
        code="Su código es:",
        works="Escríbalo en la página en la que lo ha pedido. Sirve una sola vez, hasta las {until}.",
        unasked="¿No lo ha pedido? Entonces otra persona tiene su enlace. Sin este código no se abre para nadie: no lo comparta.",
        help="Ayuda: {help}.",
    ),
    "cy": _Words(
        subject="Eich cod ar gyfer y ffeiliau gan {organisation}",
        code="Eich cod yw:",
        works="Teipiwch ef ar y dudalen lle y gofynnoch amdano. Mae'n gweithio unwaith, tan {until}.",
        unasked="Heb ofyn amdano? Yna mae eich dolen gan rywun arall. Heb y cod hwn nid yw'n agor i neb: peidiwch â'i roi i neb.",
        help="Cymorth: {help}.",
    ),
    "ar": _Words(
        subject="الرمز الخاص بك للملفات من {organisation}",
        code="الرمز الخاص بك هو:",
        works="اكتبه في الصفحة التي طلبته فيها. يعمل مرة واحدة فقط، حتى الساعة {until}.",
        unasked="ألم تطلبه؟ إذن لدى شخص آخر الرابط الخاص بك. بدون هذا الرمز لا يُفتح لأحد: لا تعطه لأي شخص.",
        help="المساعدة: {help}.",
    ),
}


def spoken(*tags: str) -> str:
    """The first of these languages (BCP 47) that the letter is there in; English when none is."""
    return next((primary for tag in tags if (primary := tag.partition("-")[0].lower()) in _WORDS), "en")


def code_letter(house: House, code: str, until: datetime, language: str, text: Guidance | None = None) -> Letter:
    """`text`: what the pack says besides, in this language."""
    words = _WORDS[language]
    values = {"organisation": house.name, "help": help_at(house), "until": f"{until.astimezone(house.timezone):%H:%M %Z}".rstrip()}
    half = len(code) // 2
    parts = (
        f"{words.code}\n\n    {code[:half]} {code[half:]}",
        words.works.format(**values),
        fill(text.body, _values(house)) if text is not None else "",
        words.unasked,
        words.help.format(**values),
    )
    return Letter(text.title if text is not None else words.subject.format(**values), join(parts))


def asked_letter(house: House, share: Share, grant: Grant, texts: Mapping[str, Guidance]) -> Letter:
    """To the sender: somebody has the link of this person, and cannot open it."""
    text = texts.get(ASKED)
    parts = (
        (
            f"Somebody has the link that {grant.address} got with your email of {house.day(share.made_at)}. They say that it is not "
            "their mailbox, and would like to have the files: perhaps the link was forwarded."
        ),
        "They do not have them: the link opens only for the person whom it was made for. We do not know who asks.",
        fill(text.body, _values(house, share, grant)) if text is not None else "",
        "If you know who it is and they may have the files, send the files to them yourself. If not, you need do nothing.",
        f"If {grant.address} should not have the files any more either, stop sharing them: the link in our email about this share does it.",
        f"Help: {help_at(house)}.",
    )
    return Letter(text.title if text is not None else f"Somebody asks for files that you shared (share {share.id})", join(parts))


def fetched_letter(house: House, share: Share, grant: Grant, at: datetime, texts: Mapping[str, Guidance]) -> Letter:
    """To the sender, once for each share: the first file has arrived."""
    text = texts.get(FETCHED)
    parts = (
        f"{grant.address} has fetched a file that you shared in your email of {house.day(share.made_at)}. It was fetched {house.day(at)}.",
        "We tell you of the first file only. The link in our email about this share shows who fetched what, and stops the sharing.",
        fill(text.body, _values(house, share, grant)) if text is not None else "",
        f"The files are there until {house.day(share.expires_at)}.",
        f"Help: {help_at(house)}.",
    )
    return Letter(text.title if text is not None else f"Fetched: the first of the files that you shared (share {share.id})", join(parts))


def _values(house: House, share: Share | None = None, grant: Grant | None = None) -> dict[str, str]:
    """Every placeholder that a text may have; "" what does not belong here."""
    known = {"organisation": house.name, "help": help_at(house)}
    if share is not None and grant is not None:
        known |= {"case": share.id, "recipients": grant.address, "keep_until": house.day(share.expires_at)}
    return dict.fromkeys(PLACEHOLDERS, "") | known
