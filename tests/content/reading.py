"""What these tests share: one call of the reader, and patterns to look for."""

from gateway.content import Budget, read
from gateway.model.finding import FileFinding, Pattern, Patterns, Place

EVERYWHERE = frozenset(Place)
EDGES = frozenset({Place.SUBJECT_START, Place.PAGE_HEADER, Place.PAGE_FOOTER, Place.FIRST_LINE})
PATTERNS = Patterns(
    (Pattern("restricted", "RESTRICTED", EDGES, whole_line=True), Pattern("sensitive", "OFFICIAL-SENSITIVE", EVERYWHERE)),
    frozenset({"nhs-number"}),
)


def look(
    data: bytes,
    name: str = "file",
    declared: str = "application/octet-stream",
    *,
    charset: str | None = None,
    is_words: bool = False,
    patterns: Patterns = PATTERNS,
    budget: Budget | None = None,
) -> tuple[FileFinding, ...]:
    """Everything found in one file."""
    return read(
        data,
        id="2",
        names=(name,) if name else (),
        declared_type=declared,
        charset=charset,
        is_words=is_words,
        patterns=patterns,
        budget=budget or Budget(),
    )


def seen(finding: FileFinding) -> set[tuple[str, str]]:
    """What was found, and at which place; a label at no place."""
    return {(item.id, item.place.value if item.place else "") for item in finding.evidence}
