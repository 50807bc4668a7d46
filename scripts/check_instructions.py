#!/usr/bin/python3
"""Counts the instructions of the small pieces of work (bench/micro_cases.cpp) and compares them with bench/instructions.json.

    scripts/check_instructions.py PROGRAM             PROGRAM: curfew_micro_counts of the release
    scripts/check_instructions.py PROGRAM --update    writes the counts down as the new baseline

Time depends on the machine and on what else it does; instructions hardly do. More than the tolerance above the baseline fails; so
does a case that has no baseline. Less than it is shown, so that the baseline can follow.
"""
from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BASELINE = Path(__file__).resolve().parents[1] / "bench" / "instructions.json"
TIMES = 200


def count(program: Path) -> dict[str, int]:
    """Instructions of one operation, by case. callgrind writes one file for each call of the measured function."""
    with tempfile.TemporaryDirectory(prefix="curfew-instructions-") as scratch:
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/out", "--zero-before=curfew_measured",
                               "--dump-after=curfew_measured", program, str(TIMES)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        counts = {}
        for number, name in enumerate(done.stdout.split(), 1):
            dump = (Path(scratch) / f"out.{number}").read_text(encoding="utf-8")
            counts[name] = int(re.search(r"^(?:summary|totals): (\d+)", dump, re.MULTILINE).group(1)) // TIMES
        return counts


def too_many(counts: dict[str, int], baseline: dict) -> dict[str, str]:
    """By case, what is wrong with it: more than the tolerance above its baseline, without one, or gone."""
    tolerance, known = baseline["tolerance_percent"], baseline["instructions"]
    wrong = {name: f"is gone: remove it from {BASELINE.name}" for name in known if name not in counts}
    for name, now in counts.items():
        if name not in known:
            wrong[name] = f"has no baseline: {now:,} now"
        elif now > known[name] * (1 + tolerance / 100):
            wrong[name] = f"{now:,} instructions, {(now - known[name]) / known[name] * 100:+.1f} % against {known[name]:,}"
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    counts = count(arguments.program.resolve())
    if arguments.update:
        BASELINE.write_text(json.dumps({"tolerance_percent": 10, "instructions": counts}, indent=2) + "\n", encoding="utf-8")
        print(f"Wrote {BASELINE}")
        return 0
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    for name, now in counts.items():
        before = baseline["instructions"].get(name, 0)
        print(f"{name:<24}{now:>10,}  baseline {before:>10,}  {(now - before) / before * 100 if before else 0:+6.1f} %")
    wrong = too_many(counts, baseline)
    for name, what in wrong.items():
        print(f"{name}: {what}")
    if wrong:
        print("\nMake it cheaper, or write the new count down with --update and say why.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
