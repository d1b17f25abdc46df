"""Texts and records with a file in base64 in the middle, where most have a picture: octets, name and declared type; a body has no name."""

import base64
from collections.abc import Callable

Put = Callable[[bytes], tuple[bytes, str, str]]


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def html(octets: bytes) -> tuple[bytes, str, str]:
    return f'<html><body><p>Hello</p><img src="data:image/png;base64,{b64(octets)}"></body>'.encode(), "", "text/html"


def svg(octets: bytes) -> tuple[bytes, str, str]:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/png;base64,{b64(octets)}"/></svg>'.encode(),
        "a.svg",
        "image/svg+xml",
    )


def svg_in_html(octets: bytes) -> tuple[bytes, str, str]:
    return f'<img src="data:image/svg+xml;base64,{b64(svg(octets)[0])}">'.encode(), "a.html", "text/html"


def invitation(octets: bytes) -> tuple[bytes, str, str]:
    attached = f"ATTACH;FMTTYPE=image/png;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=scan.png:{b64(octets)}"
    return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{attached}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode(), "a.ics", "text/calendar"


def card(octets: bytes) -> tuple[bytes, str, str]:
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nPHOTO;ENCODING=b;TYPE=PNG:{b64(octets)}\r\nEND:VCARD\r\n".encode(),
        "a.vcf",
        "text/vcard",
    )


def fodt(octets: bytes) -> tuple[bytes, str, str]:
    names = "urn:oasis:names:tc:opendocument:xmlns"
    text = (
        f'<office:document xmlns:office="{names}:office:1.0" xmlns:text="{names}:text:1.0" xmlns:draw="{names}:drawing:1.0" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>A plan.<draw:frame><draw:image>'
        f"<office:binary-data>{b64(octets)}</office:binary-data></draw:image></draw:frame></text:p></office:text></office:body></office:document>"
    )
    return text.encode(), "a.fodt", "application/octet-stream"


def flat_opc(octets: bytes) -> tuple[bytes, str, str]:
    text = (
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
        '<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
        f'<pkg:part pkg:name="/word/media/image1.png" pkg:contentType="image/png"><pkg:binaryData>{b64(octets)}</pkg:binaryData></pkg:part>'
        "</pkg:package>"
    )
    return text.encode(), "a.xml", "application/octet-stream"
