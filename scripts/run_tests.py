#!/usr/bin/env python3
"""Runs the test suites and counts their cases.

    scripts/run_tests.py                  every suite
    scripts/run_tests.py unit e2e         only these
    scripts/run_tests.py --list           which suites there are

Each suite runs in a process group of its own, with a time limit, its output in build/test-results/NAME.log and its JUnit report
beside it; the reports are what is counted. Suites run beside each other as long as their weights fit the cores.
The last line is "N passed, N failed, N skipped". The exit status is 0 only if nothing failed and every suite ran a test.
Needs nothing but the standard library.
"""
from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("CURFEW_BUILD_DIR", ROOT / "build" / "release"))
RESULTS = ROOT / "build" / "test-results"
TAIL_LINES = 60       # of the log of a suite that failed without saying which case
MESSAGE_LINES = 25    # of each failure
CORES = os.cpu_count() or 2


@dataclass
class Suite:
    name: str
    about: str
    home: Path                    # must exist, or the suite fails
    command: list[str]
    weight: int                   # how many of two cores it keeps busy
    limit_s: int
    environment: dict[str, str] = field(default_factory=dict)
    working_directory: Path = ROOT

    @property
    def reports(self) -> Path:
        return RESULTS / self.name

    @property
    def log(self) -> Path:
        return RESULTS / f"{self.name}.log"


@dataclass
class Case:
    name: str
    outcome: str       # passed, failed, skipped
    message: str = ""


@dataclass
class Outcome:
    suite: Suite
    cases: list[Case]
    trouble: str       # what went wrong with the suite as a whole; empty if nothing
    seconds: float

    def count(self, outcome: str) -> int:
        return sum(1 for case in self.cases if case.outcome == outcome)

    @property
    def failed(self) -> int:
        return self.count("failed") + (1 if self.trouble else 0)


def suites() -> list[Suite]:
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no"]
    console = ROOT / "console"

    def report(name: str) -> str:
        return str(RESULTS / name / "report.xml")

    return [
        Suite("unit", "C++ unit tests", BUILD / "CTestTestfile.cmake",
              ["ctest", "--test-dir", str(BUILD), "--output-on-failure", "--no-tests=error", "--timeout", "300",
               "-j", str(CORES), "--output-junit", str(RESULTS / "unit-ctest.xml")],
              weight=2, limit_s=900,
              # One report an executable, so that cases are counted, not executables.
              environment={"GTEST_OUTPUT": f"xml:{RESULTS / 'unit'}/", "GTEST_COLOR": "no"}),
        Suite("house", "layers, format, names, documents", ROOT / "tests" / "house",
              [*pytest, "tests/house", f"--junitxml={report('house')}"], weight=1, limit_s=300),
        Suite("instructions", "what the small pieces of work cost", ROOT / "tests" / "instructions",
              [*pytest, "tests/instructions", f"--junitxml={report('instructions')}"], weight=1, limit_s=600,
              environment={"CURFEW_MICRO_COUNTS": str(BUILD / "bench" / "curfew_micro_counts")}),
        Suite("e2e", "the released program from outside", ROOT / "tests" / "e2e",
              [*pytest, "tests/e2e", f"--junitxml={report('e2e')}"], weight=1, limit_s=900,
              environment={"CURFEW_BINARY": str(BUILD / "curfew")}),
        Suite("console", "the console's unit tests", console / "package.json",
              ["npx", "--no-install", "vitest", "run"], weight=1, limit_s=600, working_directory=console,
              environment={"VITEST_JUNIT": report("console"), "NO_COLOR": "1"}),
        Suite("browser", "the console in Chromium against the released program", console / "package.json",
              ["npx", "--no-install", "playwright", "test", "--reporter=line,junit"],
              # By itself: a browser, a server and the test runner keep two cores busy.
              weight=2, limit_s=1200, working_directory=console,
              environment={"PLAYWRIGHT_JUNIT_OUTPUT_NAME": report("browser"), "PLAYWRIGHT_JUNIT_OUTPUT_FILE": report("browser"),
                           "CURFEW_BINARY": str(BUILD / "curfew"), "FORCE_COLOR": "0"}),
    ]


def clip(text: str, lines: int) -> str:
    rows = text.strip().splitlines()
    if len(rows) > lines:
        rows = rows[: lines // 2] + [f"… {len(rows) - lines} lines …"] + rows[-(lines - lines // 2):]
    return "\n".join(rows)


def read_case(element: ElementTree.Element) -> Case:
    name = ".".join(part for part in (element.get("classname"), element.get("name")) if part)
    for kind in ("failure", "error"):
        bad = element.findall(kind)
        if bad:
            text = "\n".join(filter(None, [bad[0].get("message", ""), *((b.text or "").strip() for b in bad)]))
            return Case(name, "failed", clip(text, MESSAGE_LINES))
    skip = element.find("skipped")
    if skip is not None or element.get("status") == "notrun" or element.get("result") in ("skipped", "suppressed"):
        reason = "disabled" if skip is None else (skip.get("message") or (skip.text or "").strip() or "no reason given")
        return Case(name, "skipped", reason.splitlines()[0])
    return Case(name, "passed")


def read_reports(suite: Suite) -> tuple[list[Case], str]:
    cases: list[Case] = []
    trouble = ""
    for path in sorted(suite.reports.glob("*.xml")):
        try:
            root = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as error:
            trouble = f"{path.name} is no whole report: {error}"
            continue
        cases += [read_case(element) for element in root.iter("testcase")]
    return cases, trouble


def ctest_trouble() -> str:
    """Executables that failed as a whole: a crash or a time-out leaves no report of its cases."""
    path = RESULTS / "unit-ctest.xml"
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return "ctest left no report"
    bad = [e.get("name", "?") for e in root.iter("testcase") if e.get("status") == "fail" or e.find("failure") is not None]
    # A report that lists a failed case explains its executable; one that crashed wrote none.
    silent = [name for name in bad if not explained(name)]
    return f"ended badly, without saying which case: {', '.join(silent)}" if silent else ""


def explained(name: str) -> bool:
    for path in (RESULTS / "unit").glob(f"curfew_{name}_test*.xml"):
        try:
            root = ElementTree.parse(path).getroot()
        except ElementTree.ParseError:
            continue
        if any(read_case(element).outcome == "failed" for element in root.iter("testcase")):
            return True
    return False


def run(suite: Suite, say) -> Outcome:
    started = time.monotonic()
    if not suite.home.exists():
        return Outcome(suite, [], f"{suite.home.relative_to(ROOT)} is not there", 0)
    shutil.rmtree(suite.reports, ignore_errors=True)
    suite.reports.mkdir(parents=True)
    trouble = ""
    with suite.log.open("wb") as log:
        try:
            process = subprocess.Popen(suite.command, cwd=suite.working_directory, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, env={**os.environ, **suite.environment},
                                       start_new_session=True)
        except OSError as error:
            return Outcome(suite, [], f"can't be started: {error}", 0)
        with running_lock:
            running[suite.name] = process
        try:
            process.wait(timeout=suite.limit_s)
        except subprocess.TimeoutExpired:
            trouble = f"stopped after its limit of {suite.limit_s} s"
        # What a suite leaves behind would disturb the next one.
        end_group(process)
        with running_lock:
            del running[suite.name]
    cases, report_trouble = read_reports(suite)
    trouble = trouble or report_trouble
    if suite.name == "unit" and not trouble:
        trouble = ctest_trouble()
    if not trouble and not any(case.outcome != "skipped" for case in cases):
        trouble = "ran no test"
    if not trouble and process.returncode != 0 and not any(case.outcome == "failed" for case in cases):
        trouble = f"ended with exit status {process.returncode} though no case failed"
    return Outcome(suite, cases, trouble, time.monotonic() - started)


running: dict[str, subprocess.Popen] = {}
running_lock = threading.Lock()


def end_group(process: subprocess.Popen) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if process.poll() is not None and not group_alive(process.pid):
                return
            time.sleep(0.05)


def group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
        return True
    except (ProcessLookupError, PermissionError):
        return False


def run_all(chosen: list[Suite]) -> list[Outcome]:
    """The heaviest first; each as soon as the cores have room for it."""
    room = max(2, CORES)
    changed = threading.Condition()
    free = room
    outcomes: dict[str, Outcome] = {}

    def say(line: str) -> None:
        print(line, flush=True)

    def work(suite: Suite) -> None:
        nonlocal free
        outcome = run(suite, say)
        with changed:
            outcomes[suite.name] = outcome
            free += min(suite.weight, room)
            say(f"  {suite.name:<8} {outcome.count('passed')} passed, {outcome.failed} failed, "
                f"{outcome.count('skipped')} skipped   ({outcome.seconds:.0f} s; {suite.about})")
            changed.notify_all()

    threads = []
    for suite in chosen:
        need = min(suite.weight, room)
        with changed:
            changed.wait_for(lambda: free >= need)
            free -= need
        thread = threading.Thread(target=work, args=(suite,), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    return [outcomes[suite.name] for suite in chosen]


def show(outcomes: list[Outcome]) -> int:
    skipped = [(o.suite.name, case) for o in outcomes for case in o.cases if case.outcome == "skipped"]
    if skipped:
        print("\nSkipped:")
        for name, case in skipped:
            print(f"  {name}: {case.name}: {case.message}")
    for outcome in outcomes:
        bad = [case for case in outcome.cases if case.outcome == "failed"]
        if not bad and not outcome.trouble:
            continue
        print(f"\nFailed in {outcome.suite.name} (all output: {outcome.suite.log.relative_to(ROOT)}):")
        for case in bad:
            print(f"  {case.name}")
            print("\n".join("    " + row for row in case.message.splitlines()))
        if outcome.trouble:
            print(f"  The suite: {outcome.trouble}.")
            if outcome.suite.log.exists():
                text = outcome.suite.log.read_text(errors="replace")
                print("\n".join("    " + row for row in text.splitlines()[-TAIL_LINES:]))
    passed = sum(o.count("passed") for o in outcomes)
    failed = sum(o.failed for o in outcomes)
    print(f"\n{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 0 if failed == 0 and passed > 0 else 1


def stop(*_) -> None:
    """Takes no lock: a second signal may come while the first is handled, in the same thread."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for process in list(running.values()):
        end_group(process)
    os._exit(130)


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the test suites and counts their cases.")
    parser.add_argument("suite", nargs="*", help="only these suites")
    parser.add_argument("--list", action="store_true", help="print the suites and stop")
    arguments = parser.parse_args()
    known = suites()
    if arguments.list:
        for suite in known:
            print(f"{suite.name:<8} {suite.about}")
        return 0
    unknown = set(arguments.suite) - {suite.name for suite in known}
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(s.name for s in known)}")
    chosen = [suite for suite in known if not arguments.suite or suite.name in arguments.suite]
    RESULTS.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    print("Running the tests:", flush=True)
    return show(run_all(chosen))


if __name__ == "__main__":
    sys.exit(main())
