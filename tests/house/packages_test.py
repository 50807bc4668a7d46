"""scripts/packages.txt names exactly what the tree needs: no package is missing on a bare machine, none is there for nothing."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tree import ROOT, cmake_files, cpp_files, listed, read, uncommented

# What clang-19 itself links for -fsanitize and coverage; nothing else asks for it.
LINKED_BY_THE_COMPILER = "libclang-rt-19-dev"

# What CMake looks up (a package, or a component of one) → the Debian package that has it.
CMAKE_PACKAGES = {
    "OpenSSL": "libssl-dev", "fmt": "libfmt-dev", "tl-expected": "libexpected-dev", "spdlog": "libspdlog-dev", "GTest": "libgtest-dev",
    "benchmark": "libbenchmark-dev", "RocksDB": "librocksdb-dev", "roaring": "libroaring-dev", "absl": "libabsl-dev",
    "simdjson": "libsimdjson-dev", "CLI11": "libcli11-dev", "tomlplusplus": "libtomlplusplus-dev", "CURL": "libcurl4-openssl-dev",
    "prometheus-cpp": "prometheus-cpp-dev", "Boost": "libboost1.81-dev", "Threads": "", "xxHash": "libxxhash-dev",
    "RapidJSON": "rapidjson-dev", "PkgConfig": "pkg-config", "ZLIB": "zlib1g-dev", "Python3": "python3",
    "yaml-cpp": "libyaml-cpp-dev",
    # pkg-config modules
    "libsodium": "libsodium-dev", "libpq": "libpq-dev", "jemalloc": "libjemalloc-dev", "sqlite3": "libsqlite3-dev", "hiredis": "libhiredis-dev", "liblz4": "liblz4-dev", "re2": "libre2-dev", "libmaxminddb": "libmaxminddb-dev", "libxxhash": "libxxhash-dev",
    "tl-expected ": "libexpected-dev", "libbrotlienc": "libbrotli-dev", "libbrotlicommon": "libbrotli-dev",
    # components
    "Boost::json": "libboost-json1.81-dev", "Boost::url": "libboost-url1.81-dev", "Boost::system": "libboost-system1.81-dev",
    "Boost::container": "libboost-container1.81-dev", "Boost::headers": "", "GTest::gmock": "libgmock-dev",
}
# An include's beginning → its Debian package; for libraries that are nothing but headers, and to see that a package is used.
INCLUDES = {
    "boost/json": "libboost-json1.81-dev", "boost/url": "libboost-url1.81-dev", "boost/system": "libboost1.81-dev",
    "boost/": "libboost1.81-dev", "openssl/": "libssl-dev", "fmt/": "libfmt-dev", "tl/": "libexpected-dev", "spdlog/": "libspdlog-dev",
    "gtest/": "libgtest-dev", "gmock/": "libgmock-dev", "benchmark/": "libbenchmark-dev", "rocksdb/": "librocksdb-dev",
    "roaring/": "libroaring-dev", "absl/": "libabsl-dev", "simdjson": "libsimdjson-dev", "sodium": "libsodium-dev",
    "CLI/": "libcli11-dev", "toml++/": "libtomlplusplus-dev", "curl/": "libcurl4-openssl-dev", "prometheus/": "prometheus-cpp-dev",
    "re2/": "libre2-dev", "maxminddb": "libmaxminddb-dev", "xxhash": "libxxhash-dev", "rapidjson/": "rapidjson-dev",
    "yaml-cpp/": "libyaml-cpp-dev",
    "brotli/": "libbrotli-dev", "libpq-fe.h": "libpq-dev", "sqlite3.h": "libsqlite3-dev", "hiredis/": "libhiredis-dev", "lz4": "liblz4-dev", "zlib.h": "zlib1g-dev",
}


def groups() -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    group = ""
    for line in (ROOT / "scripts" / "packages.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = line[1:line.index("]")]
            result[group] = []
        elif line.strip() and not line.startswith("#"):
            result[group].append(line.split()[0])
    return result


def looked_up() -> set[str]:
    names: set[str] = set()
    for path in cmake_files():
        text = uncommented(read(path))
        names |= set(re.findall(r"find_package\(\s*([\w.+-]+)", text))
        for components in re.findall(r"find_package\(\s*Boost[^)]*COMPONENTS([^)]*)\)", text):
            names |= {f"Boost::{word}" for word in components.split() if word.islower()}
        names |= set(re.findall(r"\b(Boost::[a-z]+|GTest::gmock)\b", text))
        for modules in re.findall(r"pkg_(?:check_modules|search_module)\(\s*\w+([^)]*)\)", text):
            names |= {word for word in modules.split() if word.lower() == word and not re.match(r"[<>=\d]", word)}
    return names


def included() -> set[str]:
    packages = set()
    for path in cpp_files():
        for name in re.findall(r"#\s*include\s*<([^>]+)>", read(path)):
            for beginning, package in INCLUDES.items():
                if name.startswith(beginning):
                    packages.add(package)
                    break
    return packages


def test_what_cmake_looks_up_is_listed():
    listed_packages = {name for names in groups().values() for name in names}
    problems = []
    for name in sorted(looked_up()):
        if name not in CMAKE_PACKAGES:
            problems.append(f"CMake looks up {name}: name its Debian package in CMAKE_PACKAGES of this test")
        elif CMAKE_PACKAGES[name] and CMAKE_PACKAGES[name] not in listed_packages:
            problems.append(f"CMake looks up {name}, but scripts/packages.txt has no {CMAKE_PACKAGES[name]}")
    assert not problems, listed(problems)


def test_what_is_included_is_listed():
    listed_packages = {name for names in groups().values() for name in names}
    missing = sorted(package for package in included() if package not in listed_packages)
    assert not missing, f"included, but not in scripts/packages.txt: {', '.join(missing)}"


def test_no_library_is_listed_for_nothing():
    used = included() | {CMAKE_PACKAGES.get(name, "") for name in looked_up()} | {LINKED_BY_THE_COMPILER}
    idle = sorted(name for names in groups().values() for name in names if name.endswith("-dev") and name != "dpkg-dev" and name not in used)
    assert not idle, f"in scripts/packages.txt, but neither included nor looked up: {', '.join(idle)}"


def test_instrumented_presets_find_their_runtime():
    presets = read(Path("CMakePresets.json"))
    if re.search(r'"CURFEW_(SANITIZE|COVERAGE|FUZZ)"', presets):
        assert LINKED_BY_THE_COMPILER in groups()["sanitize"]


def test_a_group_is_sorted_and_has_nothing_twice():
    for group, names in groups().items():
        assert len(names) == len(set(names)), f"[{group}] names something twice"


def test_the_installer_lists_its_groups():
    script = str(ROOT / "scripts" / "install_dependencies.sh")
    for group, names in groups().items():
        done = subprocess.run([script, "--list", group], capture_output=True, text=True, check=True)
        assert sorted(done.stdout.split()) == sorted(names)


def test_the_installer_refuses_an_unknown_group():
    script = str(ROOT / "scripts" / "install_dependencies.sh")
    done = subprocess.run([script, "no-such-group"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "No group" in done.stderr
