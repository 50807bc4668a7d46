#!/usr/bin/python3
"""Counts the instructions of the small pieces of work (bench/micro_cases.cpp) and compares them with bench/instructions.json.

    scripts/check_instructions.py PROGRAM             PROGRAM: curfew_micro_bench of the release
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
                               "--dump-after=curfew_measured", program, "--count", str(TIMES)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        counts = {}
        for number, name in enumerate(done.stdout.split(), 1):
            dump = (Path(scratch) / f"out.{number}").read_text(encoding="utf-8")
            counts[name] = int(re.search(r"^(?:summary|totals): (\d+)", dump, re.MULTILINE).group(1)) // TIMES
        return counts


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
    tolerance = baseline["tolerance_percent"]
    failed = sorted(set(baseline["instructions"]) - set(counts))
    for name in failed:
        print(f"{name:<20} is gone: remove it from {BASELINE.name}")
    for name, now in counts.items():
        before = baseline["instructions"].get(name)
        change = (now - before) / before * 100 if before else float("inf")
        worse = change > tolerance
        print(f"{name:<20}{now:>10,}  baseline {before or 0:>10,}  {change:+6.1f} %{'  TOO MANY' if worse else ''}")
        if worse:
            failed.append(name)
    if failed:
        print(f"\nMore than {tolerance} % above the baseline: make it cheaper, or write the new one down with --update and say why.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
