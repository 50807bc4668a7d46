"""The scripts themselves: they parse, can be started, and the test runner counts as it says."""
from __future__ import annotations

import importlib.util
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tree import ROOT, files, listed, read


def scripts() -> list[Path]:
    return [path for path in files() if read(path)[:2] == "#!" and path.suffix in (".sh", ".py", "")]


def test_scripts_parse():
    problems = []
    for path in scripts():
        first = read(path).splitlines()[0]
        if "python" in first:
            compile(read(path), str(path), "exec")
            continue
        shell = "bash" if "bash" in first else "sh"
        done = subprocess.run([shell, "-n", str(ROOT / path)], capture_output=True, text=True, check=False)
        if done.returncode:
            problems.append(f"{path}: {done.stderr.strip()}")
    assert not problems, listed(problems)


def test_scripts_can_be_started():
    problems = [str(path) for path in scripts() if not (ROOT / path).stat().st_mode & stat.S_IXUSR]
    assert not problems, "not executable: " + ", ".join(problems)


def test_shell_scripts_stop_at_the_first_error():
    problems = [str(path) for path in scripts() if "python" not in read(path).splitlines()[0]
                and not re.search(r"^set -e[u]?o? ?|^set -euo pipefail", read(path), re.MULTILINE)]
    assert not problems, "no set -eu: " + ", ".join(problems)


def test_scripts_say_what_they_are_for():
    problems = [str(path) for path in scripts() if not read(path).splitlines()[1].startswith(("# ", '"""'))]
    assert not problems, "begin with no comment: " + ", ".join(problems)


@pytest.fixture
def runner(tmp_path):
    spec = importlib.util.spec_from_file_location("run_tests", ROOT / "scripts" / "run_tests.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_tests"] = module
    spec.loader.exec_module(module)
    module.ROOT = tmp_path
    module.RESULTS = tmp_path / "results"
    module.RESULTS.mkdir()
    return module


def suite_that(runner, shell: str, limit_s: int = 30):
    report = runner.RESULTS / "made" / "report.xml"
    return runner.Suite("made", "made here", runner.ROOT, ["sh", "-c", shell.replace("REPORT", str(report))], 1, limit_s,
                        working_directory=runner.ROOT)


def last_line(capsys) -> str:
    return capsys.readouterr().out.splitlines()[-1]


def test_the_runner_counts_cases_and_ends_in_the_plain_line(runner, capsys):
    report = ('<testsuites><testsuite><testcase classname="a" name="good"/><testcase classname="a" name="bad"><failure message="why"/>'
              '</testcase><testcase classname="a" name="later"><skipped message="no reason to"/></testcase></testsuite></testsuites>')
    outcomes = runner.run_all([suite_that(runner, f"echo '{report}' > REPORT; exit 1")])
    status = runner.show(outcomes)
    text = capsys.readouterr().out
    assert status == 1
    assert text.splitlines()[-1] == "1 passed, 1 failed, 1 skipped"
    assert "made: a.later: no reason to" in text and "why" in text


def test_a_suite_that_runs_no_test_fails(runner, capsys):
    assert runner.show(runner.run_all([suite_that(runner, "echo '<testsuites/>' > REPORT")])) == 1
    assert last_line(capsys) == "0 passed, 1 failed, 0 skipped"


def test_a_suite_that_only_skips_fails(runner, capsys):
    report = '<testsuites><testcase name="x"><skipped/></testcase></testsuites>'
    assert runner.show(runner.run_all([suite_that(runner, f"echo '{report}' > REPORT")])) == 1
    assert last_line(capsys) == "0 passed, 1 failed, 1 skipped"


def test_a_suite_that_fails_without_a_failed_case_fails(runner, capsys):
    report = '<testsuites><testcase name="x"/></testsuites>'
    assert runner.show(runner.run_all([suite_that(runner, f"echo '{report}' > REPORT; exit 3")])) == 1
    assert last_line(capsys) == "1 passed, 1 failed, 0 skipped"


def test_a_broken_report_fails(runner, capsys):
    assert runner.show(runner.run_all([suite_that(runner, "echo '<testsuites><testcase' > REPORT")])) == 1
    assert last_line(capsys) == "0 passed, 1 failed, 0 skipped"


def test_a_suite_that_hangs_is_stopped_with_all_that_it_started(runner, capsys):
    done = runner.run_all([suite_that(runner, "sleep 600 & echo $! > child; wait", limit_s=1)])
    assert runner.show(done) == 1
    assert last_line(capsys) == "0 passed, 1 failed, 0 skipped"
    child = int((runner.ROOT / "child").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_runner_that_is_told_to_stop_twice_ends_with_all_that_it_started(tmp_path):
    """As `timeout` does: a signal to the process, and one more to its group."""
    program = tmp_path / "runner.py"
    program.write_text(f"""
import importlib.util, pathlib, signal, sys
spec = importlib.util.spec_from_file_location("run_tests", {str(ROOT / "scripts" / "run_tests.py")!r})
module = importlib.util.module_from_spec(spec)
sys.modules["run_tests"] = module
spec.loader.exec_module(module)
module.ROOT = pathlib.Path({str(tmp_path)!r})
module.RESULTS = module.ROOT / "results"
module.RESULTS.mkdir()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, module.stop)
command = ["sh", "-c", "sleep 600 & echo $! > child.tmp; mv child.tmp child; echo up >&3; wait"]
print("ready", flush=True)
import os
os.dup2(1, 3, inheritable=True)
original = module.subprocess.Popen
module.subprocess.Popen = lambda *a, **k: original(*a, **k, pass_fds=(3,))
module.run_all([module.Suite("made", "made here", module.ROOT, command, 1, 60, working_directory=module.ROOT)])
""")
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "child").read_text()), 0)


def test_a_suite_whose_home_is_missing_fails(runner, capsys):
    suite = suite_that(runner, "true")
    suite.home = runner.ROOT / "nowhere"
    assert runner.show(runner.run_all([suite])) == 1
    assert last_line(capsys) == "0 passed, 1 failed, 0 skipped"


def test_googletest_reports_are_understood(runner):
    suite = suite_that(runner, "true")
    suite.reports.mkdir(parents=True)
    (suite.reports / "curfew_base_test.xml").write_text(
        '<testsuites><testsuite name="Ip"><testcase name="Parses" status="run" result="completed" classname="Ip"/>'
        '<testcase name="Off" status="notrun" result="suppressed" classname="Ip"/>'
        '<testcase name="Needs" status="run" result="skipped" classname="Ip"><skipped message="x.cpp:3&#x0A;no IPv6 here"/></testcase>'
        '</testsuite></testsuites>')
    cases, trouble = runner.read_reports(suite)
    assert not trouble
    assert [case.outcome for case in cases] == ["passed", "skipped", "skipped"]
