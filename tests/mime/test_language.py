"""The language of a message: what people typed before what their program says."""

import pytest

from gateway.mime.language import guess, language_of
from gateway.mime.replace import read_bodies
from gateway.parse import parse_buffer

COMMON = """
en the and of to for is you please with attached
cy y yn ac ar gyfer mae eich chi gyda am
es el la de que los por para con una adjunto
ar في من على إلى هذا مع
"""
KNOWN = {line.split()[0]: line.split()[1:] for line in COMMON.strip().splitlines()}


@pytest.mark.parametrize(
    ("text", "declared", "found"),
    [
        ("Please find the file for you attached", [], "en"),
        ("Adjunto el informe para la reunión de los lunes", [], "es"),
        ("Adjunto el informe para la reunión de los lunes", ["en-GB"], "es"),  # the program is English, the person is not
        ("Mae'r ffeil ar gyfer y cyfarfod yn barod, ac mae copi gyda chi", ["en-GB"], "cy"),
        ("صباح الخير، مرفق الملف", ["en-US"], "ar"),
        ("Bore da", ["cy"], "cy"),
        ("Hola", ["es-MX, en"], "es"),
        ("Bonjour, ci-joint le fichier", ["fr-FR"], "en"),  # nobody has written texts in French
        ("Bonjour", [], "en"),
        ("Добрый день", ["ru"], "en"),
        ("", ["es"], "es"),
        ("", [], "en"),
    ],
)
def test_guessing(text, declared, found):
    assert guess(text, declared, KNOWN) == found


@pytest.mark.parametrize(
    ("fields", "body", "found"),
    [
        (b"Content-Language: cy\r\n", b"Bore da", "cy"),
        (b"Content-Type: text/html\r\n", b"<html lang=es-ES><head><title>the and of to</title></head><p>Hola", "es"),
        (b"Content-Type: text/html; charset=windows-1256\r\n", "<body lang=EN-US><p>مرفق الملف".encode("windows-1256"), "ar"),
        (b"Subject: =?utf-8?B?2YXYsdmB2YIg2KfZhNmF2YTZgQ==?=\r\n", b"", "ar"),
        (b"", b"<" * 100_000, "en"),
    ],
)
def test_of_a_message(fields, body, found):
    octets = b"MIME-Version: 1.0\r\n" + fields + b"\r\n" + body
    message = parse_buffer(octets)

    assert language_of(octets, message, read_bodies(message), KNOWN) == found
