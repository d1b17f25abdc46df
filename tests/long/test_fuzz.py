"""Ten minutes of fuzzing for each target."""

from pathlib import Path

import pytest

from tests.fuzz.test_fuzz import fuzzed


@pytest.mark.long
def test_ten_minutes_of_fuzzing_find_nothing(tmp_path: Path) -> None:
    assert fuzzed(tmp_path, 600) == {}
