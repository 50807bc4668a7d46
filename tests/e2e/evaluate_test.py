"""The figures of detection, from the command line."""
from __future__ import annotations

import json

from harness import run_binary


def test_figures_are_the_same_from_the_same_seed():
    arguments = ["evaluate-detection", "--seed", "3", "--users", "80", "--days", "30", "--output", "json"]
    first, second = run_binary(*arguments), run_binary(*arguments)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    figures = json.loads(first.stdout)
    assert figures["input"]["users"] == 80
    assert figures["input"]["takeovers"]["naive"] > 0
    assert figures["sessions"]["auc"] > 0.8
    assert {rule["rule"] for rule in figures["rules"]} >= {"many_networks", "new_network", "token_replay"}


def test_a_file_without_the_fields_is_refused(tmp_path):
    file = tmp_path / "logins.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    done = run_binary("evaluate-detection", "--csv", str(file))
    assert done.returncode == 2
    assert "no column" in done.stderr
