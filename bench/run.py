"""Curfew beside PostgreSQL, SQLite, Redis and nginx, in one run: docs/performance.md has the method.

    bench/run.py --programs DIR [--sessions N] [--seconds S] [--only PART …] [--engine DIR]    PART: peers, load, stream, start

--engine: a directory into which curfew_peers_bench --engine DIR --load-only has put this population; a copy of it is used.

Starts all of them in a scratch directory, measures, stops them. Results: build/bench/results-N.jsonl, and from all of these files
build/bench/results.md and the charts (report.py).
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report
from load import Load, calm
from servers import API_KEY, ROOT, Curfew, Postgres, Redis

PARTS = ("peers", "load", "stream", "start")
# From here on only what a quarter of an hour and 16 GB allow.
LARGE = 5_000_000
LEFT_OUT = ("SQLite and Redis: with this many sessions each takes longer to load than all the rest of the run, and Redis more than 12 GB of "
            "memory. Curfew's server starts on a copy of the engine's data, since loading as much again through HTTP takes as long.")


class Results:
    def __init__(self, path: Path, sessions: int):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.sessions = sessions
        self.file = path.open("w", encoding="utf-8")

    def write(self, row: dict) -> None:
        self.file.write(json.dumps({"sessions": self.sessions, **row}) + "\n")
        self.file.flush()

    def say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def driver(arguments, curfew: Curfew | None = None) -> list:
    command = [arguments.programs / "curfew_peers_bench", "--sessions", str(arguments.sessions), "--seconds", str(arguments.seconds)]
    if curfew:
        command += ["--curfew", curfew.address, "--curfew-pid", str(curfew.pid), "--api-key", API_KEY]
    return command


def run_driver(command: list, results: Results) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as child:
        for line in child.stdout:
            results.write(json.loads(line))
    if child.returncode:
        raise SystemExit("the comparison failed")


def limits(arguments, scratch: Path, results: Results, when: str) -> None:
    """What the machine itself takes in this hour."""
    said = subprocess.run([arguments.programs / "curfew_limits_bench", scratch], check=True, stdout=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL).stdout
    for line in said.splitlines():
        results.write({**json.loads(line), "when": when})


def copy_of_the_engine(scratch: Path) -> list:
    """For the driver: where the server of http_parts() finds its data."""
    (scratch / "loaded").mkdir(mode=0o700)
    return ["--engine", str(scratch / "engine"), "--backup", str(scratch / "loaded" / "ledger")]


def peers(arguments, scratch: Path, results: Results) -> None:
    large = arguments.sessions >= LARGE
    results.say("Curfew beside PostgreSQL" if large else "Curfew beside PostgreSQL, SQLite and Redis")
    started = []
    try:
        command = copy_of_the_engine(scratch)
        postgres = Postgres(scratch, arguments.sessions)
        started.append(postgres)
        command += ["--postgres", postgres.connection]
        if large:
            results.write({"measure": "left out", "why": LEFT_OUT})
            run_driver(driver(arguments) + command, results)
            return
        curfew = Curfew(scratch, "curfew")
        started.append(curfew)
        redis = Redis(scratch)
        started.append(redis)
        command += ["--sqlite", str(scratch / "sqlite.db"), "--redis", redis.socket]
        run_driver(driver(arguments, curfew) + command, results)
    finally:
        for server in reversed(started):
            server.stop()


def http_parts(arguments, scratch: Path, results: Results) -> None:
    """On a server of its own, with the same sessions."""
    if not (scratch / "loaded").exists():
        results.say("Loading")
        subprocess.run(driver(arguments) + copy_of_the_engine(scratch) + ["--load-only"], check=True, stdout=subprocess.DEVNULL,
                       stdin=subprocess.DEVNULL)
    shutil.rmtree(scratch / "engine", ignore_errors=True)
    limits(arguments, scratch, results, "before the start")
    curfew = started(scratch, results)
    try:
        if arguments.sessions >= LARGE and "peers" in arguments.only:
            results.say("The questions over HTTP")
            run_driver(driver(arguments, curfew) + ["--loaded", "--no-writes"], results)
        load = Load(scratch, curfew, arguments.sessions, max(1, round(arguments.seconds / 20)), results.write)
        if "load" in arguments.only:
            results.say("HTTP under load, beside nginx")
            load.run(rounds=3)
            results.say("Beyond capacity")
            load.overload()
        if "stream" in arguments.only:
            results.say("The live stream")
            load.stream(arguments.programs / "curfew_stream_bench", max(3.0, arguments.seconds / 12))
    finally:
        curfew.stop()
    if "start" in arguments.only:
        results.say("A restart")
        started(scratch, results).stop()


def started(scratch: Path, results: Results) -> Curfew:
    """How long a start takes until it answers, and what the process holds then: the first from the ledger, the next from the image."""
    os.sync()  # what others have left to write is not its cost
    began = time.monotonic()
    curfew = Curfew(scratch, "loaded")
    seconds = time.monotonic() - began
    loaded = next((e for e in curfew.events() if e["event"] == "sessions loaded"), None)
    if loaded is None:
        curfew.stop()
        raise RuntimeError("the server did not say what it loaded")
    results.write({"measure": "start", "system": "Curfew HTTP", "value": round(seconds, 2), "unit": "s", "loaded": loaded["sessions"],
                   "load_ms": loaded["ms"], "from": loaded["from"]})
    if loaded["sessions"]:
        results.write({"measure": "resident after a start", "system": "Curfew HTTP", "value": round(curfew.memory() / loaded["sessions"], 1),
                       "unit": "bytes a session", "from": loaded["from"]})
    return curfew


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--engine", type=Path, help="the engine's population, loaded before")
    parser.add_argument("--keep", action="store_true", help="keep the scratch directory")
    arguments = parser.parse_args()
    output = ROOT / "build" / "bench"
    results = Results(output / f"results-{arguments.sessions}.jsonl", arguments.sessions)
    scratch = Path(tempfile.mkdtemp(prefix="curfew-bench-"))
    scratch.chmod(0o711)
    results.say(f"{arguments.sessions:,} sessions; load average {calm()} before the run; scratch in {scratch}")
    results.write({"measure": "run", "cores": os.cpu_count(), "load_before": calm(), "at": time.strftime("%Y-%m-%d %H:%M")})
    try:
        limits(arguments, scratch, results, "before the run")
        if arguments.engine:
            shutil.copytree(arguments.engine, scratch / "engine")
        if "peers" in arguments.only:
            peers(arguments, scratch, results)
        if set(arguments.only) - {"peers"}:
            http_parts(arguments, scratch, results)
    finally:
        if not arguments.keep:
            shutil.rmtree(scratch, ignore_errors=True)
    results.write({"measure": "run ended", "load_after": calm()})
    report.write(output, output)
    results.say(f"{output}/results.md")


if __name__ == "__main__":
    sys.exit(main())
