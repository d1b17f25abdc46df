"""The package under docx, xlsx and pptx: content types, relationships, properties, labels. Open Packaging Conventions (ECMA-376-2)."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from tests.build.labels import Label, Place, custom_properties, label_info, placed

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
RELATIONSHIPS = f"{OFFICE}/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"

Labels = Label | Iterable[Label] | None


def package(
    main: str,
    main_type: str,
    parts: Mapping[str, tuple[str, str]],
    media: Mapping[str, bytes] | None = None,
    *,
    title: str = "",
    labels: Labels = None,
    label_place: Place = "custom",
    properties: Iterable[tuple[str, str]] = (),
    comment: bytes = b"",
) -> bytes:
    """Write a package.

    Args:
        main: path of the main part, the target of the package's officeDocument relationship.
        main_type: its content type.
        parts: path to (content type, XML); relationship parts have the content type "".
        media: path to octets of pictures (.png); stored, not compressed.
        labels: sensitivity labels, at `label_place` unless a label names its own place.
        properties: other custom properties.
        comment: the archive's comment.
    """
    chosen = (labels,) if isinstance(labels, Label) else tuple(labels or ())
    everything = dict(parts)
    links = [(f"{RELATIONSHIPS}/officeDocument", main)]
    for relation, path, content_type, xml in _properties(title, chosen, label_place, tuple(properties)):
        everything[path] = (content_type, xml)
        links.append((relation, path))
    types = {f"/{path}": content_type for path, (content_type, _) in everything.items() if content_type not in ("", "application/xml")}
    types[f"/{main}"] = main_type
    files = {"[Content_Types].xml": _content_types(types), "_rels/.rels": relationships(links)}
    return _zip(files | {path: xml for path, (_, xml) in everything.items()}, media or {}, comment)


def relationships(links: Iterable[tuple[str, str]]) -> str:
    """A relationship part; the identifiers are rId1, rId2, ... in the order given."""
    return (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{relation}" Target="{escape(target)}"/>'
            for number, (relation, target) in enumerate(links, start=1)
        )
        + "</Relationships>"
    )


def _properties(
    title: str, labels: tuple[Label, ...], place: Place, others: tuple[tuple[str, str], ...]
) -> Iterable[tuple[str, str, str, str]]:
    yield (
        f"{PACKAGE}/relationships/metadata/core-properties",
        "docProps/core.xml",
        "application/vnd.openxmlformats-package.core-properties+xml",
        _core(title),
    )
    custom, info = placed(labels, place, "custom"), placed(labels, place, "labelinfo")
    if custom or others:
        content_type = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
        yield f"{RELATIONSHIPS}/custom-properties", "docProps/custom.xml", content_type, custom_properties(custom, others)
    if info:
        relation = "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels"
        yield relation, "docMetadata/LabelInfo.xml", "application/xml", label_info(info)


def _core(title: str) -> str:
    return (
        f'<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>Samples</dc:creator>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2026-01-05T09:00:00Z</dcterms:created></cp:coreProperties>'
    )


def _content_types(overrides: Mapping[str, str]) -> str:
    defaults = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml", "png": "image/png"}
    return (
        f'<Types xmlns="{PACKAGE}/content-types">'
        + "".join(f'<Default Extension="{extension}" ContentType="{name}"/>' for extension, name in defaults.items())
        + "".join(f'<Override PartName="{path}" ContentType="{name}"/>' for path, name in overrides.items())
        + "</Types>"
    )


def _zip(texts: Mapping[str, str], media: Mapping[str, bytes], comment: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, xml in texts.items():
            archive.writestr(entry(path, zipfile.ZIP_DEFLATED), (XML + xml).encode())
        for path, octets in media.items():
            archive.writestr(entry(path, zipfile.ZIP_STORED), octets)
        archive.comment = comment
    return target.getvalue()


def entry(path: str, method: int) -> zipfile.ZipInfo:
    """A member with a fixed date and no trace of the machine that wrote it."""
    info = zipfile.ZipInfo(path, (2026, 1, 5, 9, 0, 0))
    info.compress_type = method
    info.create_system = 0
    return info
