"""All techniques and all innocents, in the order of their families. Made once for each process: some take a real program."""

from functools import cache

from tests.corpus.entries import Innocent, Technique
from tests.corpus.families import (
    cells,
    containers,
    decoys,
    encodings,
    foreign,
    identifiers,
    in_text,
    innocents,
    labels,
    markup,
    mixtures,
    names,
    opened,
    outlook,
    pdf_fonts,
    pdf_pictures,
    pdfs,
    pictures,
    sealed,
    sheets,
    structure,
    texts,
    unseen,
    word,
    workbooks,
)

_FAMILIES = (
    structure,
    encodings,
    in_text,
    names,
    containers,
    outlook,
    foreign,
    word,
    sheets,
    workbooks,
    unseen,
    cells,
    opened,
    pdfs,
    pdf_pictures,
    pdf_fonts,
    markup,
    mixtures,
    texts,
    pictures,
    decoys,
    labels,
    identifiers,
    sealed,
)


@cache
def all_techniques() -> tuple[Technique, ...]:
    return tuple(technique for family in _FAMILIES for technique in family.techniques())


@cache
def all_innocents() -> tuple[Innocent, ...]:
    return (*innocents.innocents(), *workbooks.innocents(), *unseen.innocents())
