"""python -m tests.corpus [--run | --explain] [--into FOLDER] [--only WORDS]

Lists the corpus; --run carries it through a gateway and prints the table; --explain prints where explain finds each thing hidden;
--into writes the messages as files.
"""

import argparse
import sys
from pathlib import Path

from tests.corpus.entries import Technique
from tests.corpus.every import all_innocents, all_techniques
from tests.corpus.explaining import explainer, is_named, places
from tests.corpus.pack import uk_pack
from tests.corpus.run import running, table


def main() -> int:
    asked = _arguments()
    entries = [one for one in (*all_techniques(), *all_innocents()) if asked.only.casefold() in f"{one.family}: {one.name}".casefold()]
    if asked.into:
        asked.into.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(entries, 1):
            (asked.into / f"{number:03} {one.family} {one.name}.eml".replace("/", "-")).write_bytes(one.octets)
    if asked.run or asked.explain:
        with uk_pack() as pack:
            return _run(entries, pack) if asked.run else _explain([one for one in entries if isinstance(one, Technique)], pack)
    for one in entries:
        print(f"{one.family}: {one.name}" + (f" [{one.kind}: {one.where}]" if isinstance(one, Technique) else ""))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description="The corpus of hidden things and innocent messages.")
    parser.add_argument("--run", action="store_true", help="carry all of it through a gateway and print the table")
    parser.add_argument("--explain", action="store_true", help="print what explain does not find where it stood")
    parser.add_argument("--into", type=Path, help="write the messages into this folder")
    parser.add_argument("--only", default="", help="only those whose family and name hold these words")
    return parser.parse_args()


def _run(entries: list, pack: Path) -> int:
    with running(pack) as gateway:
        results = gateway.send(entries)
    print(table(results))
    odd = [gone for gone in results if gone.slipped or gone.stopped or not gone.answer.startswith("250 ")]
    for gone in odd:
        what = "SLIPPED" if gone.slipped else "STOPPED" if gone.stopped else f"ANSWERED {gone.answer}"
        print(f"{what}: {gone.entry.family}: {gone.entry.name}")
    slow = sorted(results, key=lambda gone: -gone.seconds)[:5]
    print("slowest:", ", ".join(f"{gone.entry.name} {gone.seconds:.1f} s" for gone in slow))
    return len(odd) > 0


def _explain(techniques: list[Technique], pack: Path) -> int:
    missing = 0
    with explainer(pack) as each:
        for technique in techniques:
            found = each.explain(technique.octets)
            if not is_named(technique, found):
                missing += 1
                shown = "; ".join(f"{kind} {place}" for kind, place in places(found)) or "nothing"
                print(f"NOT NAMED {technique.family}: {technique.name} [{technique.kind}: {technique.where}]\n    {shown}")
    print(f"{len(techniques)} techniques, {missing} not named")
    return missing > 0


if __name__ == "__main__":
    sys.exit(main())
