"""What the small pieces of work cost, in instructions, against bench/instructions.json: time depends on the machine, these hardly do."""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_instructions  # noqa: E402

BASELINE = json.loads(check_instructions.BASELINE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def counts() -> dict[str, int]:
    return check_instructions.count(Path(os.environ["CURFEW_MICRO_COUNTS"]))


@pytest.mark.parametrize("name", BASELINE["instructions"])
def test_a_piece_of_work_costs_no_more_than_it_did(name: str, counts: dict[str, int]) -> None:
    assert check_instructions.too_many(counts, BASELINE).get(name) is None


def test_every_piece_of_work_has_a_baseline(counts: dict[str, int]) -> None:
    assert sorted(counts) == sorted(BASELINE["instructions"])


def test_more_than_the_tolerance_is_told() -> None:
    baseline = {"tolerance_percent": 10, "instructions": {"a": 100, "b": 100, "c": 100}}
    assert sorted(check_instructions.too_many({"a": 110, "b": 111, "d": 1}, baseline)) == ["b", "c", "d"]
