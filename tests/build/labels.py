"""A sensitivity label (MIP) as Office writes it: custom document properties, LabelInfo part, header field.

Formats: "Microsoft Information Protection SDK - Metadata"; [MS-OFFCRYPTO] 2.6.3 for LabelInfo.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

Place = Literal["custom", "labelinfo", "both"]

CUSTOM_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
LABEL_METADATA = "http://schemas.microsoft.com/office/2020/mipLabelMetadata"
TENANT = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True, slots=True)
class Label:
    """One label of one tenant."""

    id: str  # GUID, no braces
    name: str = "Restricted"  # the unique internal name
    site_id: str = TENANT  # GUID of the tenant, no braces
    method: str = "Privileged"  # Privileged: a person chose it; Standard: default or automatic
    enabled: bool = True
    removed: bool = False  # LabelInfo only: the label was taken away
    content_bits: int = 0
    place: Place | None = None  # where it stands, if not where the call says

    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Key and value pairs, as custom properties and the header field spell them."""
        prefix = f"MSIP_Label_{self.id}_"
        values = {
            "Enabled": "true" if self.enabled else "false",
            "SetDate": "2026-01-05T09:00:00Z",
            "Method": self.method,
            "Name": self.name,
            "SiteId": self.site_id,
            "ActionId": "00000000-0000-4000-8000-000000000001",
            "ContentBits": str(self.content_bits),
        }
        return tuple((prefix + key, value) for key, value in values.items())

    def header_value(self) -> str:
        """The value of the field `msip_labels`; several labels are joined by `; `."""
        return "; ".join(f"{key}={value}" for key, value in self.attributes())


def placed(labels: Iterable[Label], default: Place, here: Place) -> list[Label]:
    """The labels that stand at one of the two places."""
    return [label for label in labels if (label.place or default) in (here, "both")]


def custom_properties(labels: Iterable[Label], others: Iterable[tuple[str, str]] = ()) -> str:
    """The part docProps/custom.xml."""
    pairs = [*others, *(pair for label in labels for pair in label.attributes())]
    return (
        f'<Properties xmlns="{CUSTOM_PROPERTIES}" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
        + "".join(
            f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{pid}" name={quoteattr(key)}>'
            f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
            for pid, (key, value) in enumerate(pairs, start=2)
        )
        + "</Properties>"
    )


def label_info(labels: Iterable[Label]) -> str:
    """The part docMetadata/LabelInfo.xml."""
    return (
        f'<clbl:labelList xmlns:clbl="{LABEL_METADATA}">'
        + "".join(
            f'<clbl:label id="{{{label.id}}}" enabled="{label.enabled:d}" method="{label.method}" siteId="{{{label.site_id}}}"'
            f' contentBits="{label.content_bits}" removed="{label.removed:d}"/>'
            for label in labels
        )
        + "</clbl:labelList>"
    )
