"""Files: their length, their beginnings, their words, their format."""
from __future__ import annotations

import codecs
import json
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest
import yaml

from tree import ROOT, cpp_files, files, is_text, listed, read, sources

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    tomllib = None

# Code: an aim of 400 lines, and no more than 800 without a reason that is written down here.
AIM, LIMIT = 400, 800
CODE = {".h", ".cpp", ".py", ".ts", ".tsx", ".sh", ".css", ".js", ".mjs"}
LONG_FOR_A_REASON: dict[str, str] = {
    "console/src/shared/api/schema.d.ts": "generated from the OpenAPI document",
}

# Names of places and things that mean nothing to a reader of the repository, turned by 13 letters so that this file passes.
FORBIDDEN = [re.compile(r"(?<![\w.$})/-])" + re.escape(codecs.decode(word, "rot13")) + r"(?![\w-])", re.IGNORECASE) for word in (
    "/jbex/znva", "/jbex/funerq", "/jbex/.yvoenel", "/gzc/fpengpu", "ertvfgel.aczwf.bet", "qro.qrovna.bet", "frphevgl.qrovna.bet",
    "svyrf.clgubaubfgrq.bet", "clcv.bet", "pengrf.vb", "cebkl.tbynat.bet", "qro.abqrfbhepr.pbz", "pynhqr", "naguebcvp", "bcranv",
    "pungtcg", "pbcvybg", "YYZ", "YYZf", "ynathntr zbqry", "fhontrag", "fhontragf", "gur PRB", "fnaqobkvat-rterff", "cbyltybg",
)]
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def test_files_are_not_too_long():
    problems = []
    for path in files():
        if path.suffix not in CODE:
            continue
        lines = read(path).count("\n")
        if lines > LIMIT and str(path) not in LONG_FOR_A_REASON:
            problems.append(f"{path}: {lines} lines; split it, or write its reason into LONG_FOR_A_REASON")
        elif lines > AIM:
            warnings.warn(f"{path}: {lines} lines, the aim is {AIM}", stacklevel=1)
    assert not problems, listed(problems)


def test_reasons_for_length_are_still_needed():
    for name in LONG_FOR_A_REASON:
        assert (ROOT / name).is_file() and read(Path(name)).count("\n") > LIMIT, f"{name} needs no reason any more"


def test_headers_are_contracts():
    """Every header begins by saying what it is, and is included once."""
    problems = []
    for path in sources():
        if path.suffix != ".h":
            continue
        text = read(path)
        if not text.startswith("// ") and not text.startswith("/*"):
            problems.append(f"{path}: begins with no comment that says what it is")
        if not re.search(r"^#pragma once$", text, re.MULTILINE):
            problems.append(f"{path}: no #pragma once")
    assert not problems, listed(problems)


def test_names_are_snake_case():
    problems = [f"{path}: files are named in snake_case" for path in cpp_files() if not re.fullmatch(r"[a-z][a-z0-9_]*\.\w+", path.name)]
    assert not problems, listed(problems)


def test_the_project_speaks_of_itself_alone():
    problems = []
    for path in files():
        if not is_text(path):
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            for pattern in FORBIDDEN:
                hit = pattern.search(line)
                if hit:
                    problems.append(f"{path}:{number}: \"{hit.group(0)}\"")
    assert not problems, listed(problems[:50])


def test_the_history_speaks_of_the_project_alone():
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "log", "--format=%h %B"], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        pytest.skip("no git, or no history, here")
    problems = [line for line in done.stdout.splitlines() for pattern in FORBIDDEN if pattern.search(line)]
    assert not problems, listed(problems)


def test_nothing_is_left_to_do():
    problems = []
    for path in files():
        if path.suffix not in CODE | {".md", ".yaml", ".yml", ".toml", ".cmake", ".txt"}:
            continue
        problems += [f"{path}:{number}: {line.strip()[:100]}" for number, line in enumerate(read(path).splitlines(), 1)
                     if UNFINISHED.search(line)]
    assert not problems, listed(problems)


def test_data_files_parse():
    problems = []
    for path in files():
        try:
            if path.suffix == ".json" and not path.name.startswith("tsconfig"):
                json.loads(read(path))
            elif path.suffix in (".yaml", ".yml"):
                list(yaml.safe_load_all(read(path)))
            elif path.suffix == ".toml" and tomllib:
                tomllib.loads(read(path))
        except (ValueError, yaml.YAMLError) as error:
            problems.append(f"{path}: {error}")
    assert not problems, listed(problems)


def test_text_files_are_clean():
    """UTF-8, Unix line ends, a newline at the end, no blanks at the ends of lines."""
    problems = []
    for path in files():
        if path.suffix not in CODE | {".md", ".json", ".yaml", ".yml", ".toml", ".cmake", ".txt"} or not is_text(path):
            continue
        data = (ROOT / path).read_bytes()
        if not data:
            continue
        try:
            data.decode()
        except UnicodeDecodeError:
            problems.append(f"{path}: not UTF-8")
        if b"\r\n" in data:
            problems.append(f"{path}: Windows line ends")
        if not data.endswith(b"\n"):
            problems.append(f"{path}: no newline at the end")
        if path.suffix in CODE and re.search(rb"[ \t]+$", data, re.MULTILINE):
            problems.append(f"{path}: blanks at the end of a line")
    assert not problems, listed(problems)


def test_nothing_large_is_committed():
    problems = [f"{path}: {(ROOT / path).stat().st_size // 1024} KiB" for path in files() if (ROOT / path).stat().st_size > 2 * 1024 * 1024]
    assert not problems, listed(problems)


def test_cpp_is_formatted():
    program = shutil.which("clang-format-19")
    if not program:
        pytest.fail("clang-format-19 is missing: scripts/install_dependencies.sh test")
    done = subprocess.run([program, "--dry-run", "-Werror", "--style=file", *map(str, cpp_files())], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    unformatted = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "[-Wclang-format-violations]" in line})
    assert done.returncode == 0, "make format puts these right:" + listed(unformatted or [done.stderr])
