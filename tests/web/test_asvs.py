"""The checklist is complete, and what it names as evidence is there."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = (ROOT / "gateway" / "web" / "ASVS.md").read_text(encoding="utf-8")
# How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has.
REQUIREMENTS = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7}
ROWS = [
    (match[1].split(), match[2], match[3], match[4])
    for line in LIST.splitlines()
    if (match := re.fullmatch(r"\| ((?:\d+\.\d+\.\d+ ?)+) \| (.*?) \| (.*?) \| (.*?) \|", line))
]


def test_every_requirement_of_level_two_is_answered_once() -> None:
    numbers = [number for row in ROWS for number in row[0]]

    assert len(numbers) == len(set(numbers))
    assert Counter(int(number.split(".")[0]) for number in numbers) == REQUIREMENTS


def test_every_answer_is_one_of_four_and_says_why() -> None:
    assert {how for _, _, how, _ in ROWS} == {"yes", "operator", "accepted", "n/a"}
    assert all(short and why for _, short, _, why in ROWS)


def test_every_piece_of_evidence_exists() -> None:
    named = set(re.findall(r"`((?:gateway|tests|deploy)/[\w./-]+|requirements\.lock)(?:::(\w+))?`", LIST))

    assert len(named) > 60
    for file, test in named:
        path = ROOT / file
        assert path.exists(), file
        if test:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}::{test}"
