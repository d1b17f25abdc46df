"""The pack by which the corpus is judged: rules/uk-government.

Besides, it looks for the identifiers and markings of other countries, and for markings in header fields.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.journey.gateway import REPOSITORY
from tests.peers import folder

_UK = REPOSITORY / "rules" / "uk-government"
_BEFORE = "  - {unreadable: ["
_MORE = """\
  - {detector: us-ssn, at_least: 1, is: official-sensitive}
  - {detector: us-itin, at_least: 1, is: official-sensitive}
  - {pspf: OFFICIAL, is: official}
  - {pspf: UNOFFICIAL, is: official}
  - {pspf: "OFFICIAL:Sensitive", is: official-sensitive}
  - {pspf: PROTECTED, is: official-sensitive}
  - {pspf: SECRET, is: official-sensitive}
  - {pspf: TOP-SECRET, is: official-sensitive}
  - {pspf: "ACCESS=Personal-Privacy", is: official-sensitive}
  - {text: "X-Council-Class: restricted", where: [header_field], whole_line: true, is: official-sensitive}
  - {text: RESTRICTED, where: [header_field], is: official-sensitive}
"""


@contextmanager
def uk_pack() -> Iterator[Path]:
    """A copy of the pack in a folder of its own."""
    with folder("corpus") as place:
        pack = place / "pack"
        shutil.copytree(_UK, pack)
        text = (pack / "pack.yaml").read_text()
        assert text.count(_BEFORE) == 1
        (pack / "pack.yaml").write_text(text.replace(_BEFORE, _MORE + _BEFORE))
        yield pack
