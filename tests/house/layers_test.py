"""The layers: which module may use which, arrows only downwards. ARCHITECTURE.md tells why."""
from __future__ import annotations

import re

import pytest

from tree import ROOT, cmake_files, listed, read, sources, uncommented

# Module → the modules directly below it. What those may use, it may use too.
MAY_USE: dict[str, set[str]] = {
    "base": set(),
    "device": {"base"},
    "session": {"base"},
    "index": {"session", "device"},
    "ledger": {"session"},
    "ledger_rocksdb": {"ledger"},
    "audit": {"session"},
    "signal": {"index", "device"},
    "evaluate": {"signal"},
    "engine": {"index", "ledger", "audit", "signal"},
    "access": {"base"},
    "http": {"base"},
    "api": {"engine", "access", "http"},
    "client": {"base"},
    "cli": {"client"},
    "demo": {"client"},
}
MAY_USE["app"] = set(MAY_USE)

# Third-party header → the only modules that may include it. One place for each keeps it replaceable, and builds short.
FENCES: dict[str, set[str]] = {
    "rocksdb/": {"ledger_rocksdb"},
    "boost/beast": {"http"},
    "boost/asio": {"http"},
    "CLI/": {"cli", "app"},
    "sodium": {"access", "app", "ledger_rocksdb"},
    "curl/": {"client"},
    "toml++/": {"app", "client", "cli"},
    "prometheus/": {"api", "app"},
    "re2/": {"device"},
    "maxminddb.h": {"device"},
    "yaml-cpp/": {"device"},
    "zlib.h": {"api"},
}

# The domain is a pure function of its input: no clock, no I/O, no randomness, no threads.
PURE = {"session"}
IMPURE_HEADERS = {"chrono", "ctime", "fstream", "iostream", "random", "thread", "mutex", "filesystem", "unistd.h", "sys/socket.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def below(module: str) -> set[str]:
    """The module and everything that it may reach."""
    seen = {module}
    stack = [module]
    while stack:
        for used in MAY_USE[stack.pop()]:
            if used not in seen:
                seen.add(used)
                stack.append(used)
    return seen


def includes(path) -> list[tuple[str, bool]]:
    """Each included name, and whether it was quoted."""
    return [(quoted or angled, bool(quoted)) for quoted, angled in INCLUDE.findall(read(path))]


def declared_uses() -> dict[str, set[str]]:
    uses = {}
    for path in cmake_files():
        if path.parts[0] != "src":
            continue
        for name, body in re.findall(r"curfew_module\(\s*(\w+)([^)]*)\)", uncommented(read(path))):
            found = re.search(r"\bUSES\b(.*?)(?:\b(?:SOURCES|LIBRARIES|PRIVATE_LIBRARIES)\b|$)", body, re.DOTALL)
            uses[name] = set(found.group(1).split()) if found else set()
    return uses


def is_test(path) -> bool:
    return path.stem.endswith("_test") or path.stem.startswith("test_") or "testing" in path.parts


def test_the_table_has_no_cycle():
    for module, direct in MAY_USE.items():
        for used in direct:
            assert module not in below(used), f"{module} and {used} use each other"


def test_every_module_is_in_the_table():
    modules = {path.parent.name for path in (ROOT / "src").glob("*/CMakeLists.txt")}
    assert modules == set(MAY_USE), "src/ and the table MAY_USE of this test differ"


def test_declared_uses_are_allowed():
    problems = [f"src/{module}/CMakeLists.txt: USES {used}, which {module} may not"
                for module, uses in declared_uses().items() for used in sorted(uses) if used not in below(module)]
    assert not problems, listed(problems)


def test_includes_point_downwards():
    problems = []
    for path in sources():
        module = path.parts[1]
        for name, quoted in includes(path):
            target = name.split("/")[0]
            if not quoted or target not in MAY_USE or target == module:
                continue
            if is_test(path):
                # A test may bring an adapter or a twin from beside the module, nothing from above it.
                if module in below(target) and target != module:
                    problems.append(f"{path}: includes \"{name}\" of a module above it")
            elif target not in below(module):
                problems.append(f"{path}: includes \"{name}\"; {module} may use {', '.join(sorted(below(module) - {module})) or 'nothing'}")
    assert not problems, listed(problems)


def test_includes_are_declared_in_cmake():
    uses = declared_uses()

    def reach(module: str, seen: set[str]) -> set[str]:
        for used in uses.get(module, set()):
            if used not in seen:
                seen.add(used)
                reach(used, seen)
        return seen

    problems = []
    for path in sources():
        module = path.parts[1]
        if is_test(path) or module not in uses:
            continue
        allowed = reach(module, {module})
        for name, quoted in includes(path):
            target = name.split("/")[0]
            if quoted and target in MAY_USE and target not in allowed:
                problems.append(f"{path}: includes \"{name}\", but src/{module}/CMakeLists.txt does not USE {target}")
    assert not problems, listed(problems)


def test_quoted_includes_are_from_src():
    problems = [f"{path}: \"{name}\" is not a file of src/"
                for path in sources() for name, quoted in includes(path)
                if quoted and "/" in name and not (ROOT / "src" / name).is_file() and not name.startswith("generated/")]
    problems += [f"{path}: \"{name}\": write it from src/, as \"{path.parent.relative_to('src')}/{name}\""
                 for path in sources() for name, quoted in includes(path) if quoted and "/" not in name]
    assert not problems, listed(problems)


@pytest.mark.parametrize("header", sorted(FENCES))
def test_a_library_stays_in_its_place(header):
    problems = [f"{path}: <{name}> belongs in {', '.join(sorted(FENCES[header]))} alone"
                for path in sources() for name, quoted in includes(path)
                if not quoted and name.startswith(header) and path.parts[1] not in FENCES[header]]
    assert not problems, listed(problems)


def test_the_domain_is_pure():
    problems = [f"{path}: <{name}>: {path.parts[1]} is a pure function of its input"
                for path in sources() if path.parts[1] in PURE and not is_test(path)
                for name, quoted in includes(path) if not quoted and name in IMPURE_HEADERS]
    assert not problems, listed(problems)


def test_every_source_is_built():
    """A file that no CMakeLists names is compiled by nobody, and its tests are run by nobody."""
    problems = []
    for path in sources():
        if path.suffix != ".cpp":
            continue
        folder = path.parent
        named = False
        while folder.parts and not named:
            cmake = folder / "CMakeLists.txt"
            if (ROOT / cmake).is_file():
                named = path.relative_to(folder).as_posix() in uncommented(read(cmake)).replace("${CMAKE_CURRENT_SOURCE_DIR}/", "").split() or \
                    re.search(rf"(?<![\w/]){re.escape(path.relative_to(folder).as_posix())}(?!\w)", uncommented(read(cmake))) is not None
                break
            folder = folder.parent
        if not named:
            problems.append(f"{path}: not in {folder}/CMakeLists.txt")
    assert not problems, listed(problems)
