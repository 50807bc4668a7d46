"""Documents: links lead somewhere, versions agree, commands that are named exist."""
from __future__ import annotations

import re
from pathlib import Path

from tree import ROOT, files, listed, read

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


def documents() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def prose(text: str) -> str:
    """The document without its code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def anchors(text: str) -> set[str]:
    found = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE):
        plain = re.sub(r"[`*]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading))
        found.add(re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-"))
    return found


def test_links_resolve():
    problems = []
    for path in documents():
        text = read(path)
        for target in LINK.findall(prose(text)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            at = (ROOT / path).parent / name if name else ROOT / path
            if not at.exists():
                problems.append(f"{path}: {target} is not there")
            elif anchor and at.suffix == ".md" and anchor not in anchors(at.read_text(encoding="utf-8")):
                problems.append(f"{path}: {target} has no such heading")
    assert not problems, listed(problems)


def test_paths_in_prose_exist():
    """`src/…`, `docs/…`, `scripts/…`, … in backquotes name things that are there."""
    problems = []
    for path in documents():
        if path.name == "CHANGELOG.md":
            continue
        for name in re.findall(r"`((?:src|docs|scripts|tests|packaging|cmake|bench|console)/[\w./-]*\w/?)`", read(path)):
            if not (ROOT / name).exists():
                problems.append(f"{path}: `{name}` is not there")
    assert not problems, listed(problems)


def test_paths_in_comments_exist():
    problems = []
    for path in files():
        if path.suffix not in (".h", ".cpp") or path.parts[0] not in ("src", "bench", "tests"):
            continue
        for name in re.findall(r"\b(docs/[\w/-]+\.(?:md|json))\b", read(path)):
            if not (ROOT / name).exists():
                problems.append(f"{path}: {name} is not there")
    assert not problems, listed(sorted(set(problems)))


def test_make_targets_in_documents_exist():
    targets = set(re.findall(r"^([a-z][\w-]*):", read(Path("Makefile")), re.MULTILINE))
    problems = [f"{path}: make {target}" for path in documents()
                for target in re.findall(r"(?:^|`|\$ )make ([a-z][\w-]*)", read(path), re.MULTILINE) if target not in targets]
    assert not problems, listed(problems)


def version() -> str:
    found = re.search(r"project\(curfew VERSION (\d+\.\d+\.\d+)", read(Path("CMakeLists.txt")))
    assert found, "CMakeLists.txt names no version"
    return found.group(1)


def test_the_changelog_has_the_version():
    headings = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (Unreleased|\d{4}-\d{2}-\d{2})$", read(Path("CHANGELOG.md")), re.MULTILINE)
    assert headings, "CHANGELOG.md has no heading of the form \"## [0.1.0] - 2026-01-31\" (or Unreleased)"
    assert headings[0][0] == version(), "the newest entry of CHANGELOG.md and CMakeLists.txt name different versions"


def test_the_console_has_the_version():
    package = ROOT / "console" / "package.json"
    if package.is_file():
        assert f'"version": "{version()}"' in package.read_text(encoding="utf-8"), "console/package.json names another version"


def test_the_default_configuration_has_every_setting():
    """packaging/curfew.toml explains exactly the settings that the program knows (src/app/config.cpp)."""
    known = set(re.findall(r'\{"([a-z]+\.[a-z_]+)",', read(Path("src/app/config.cpp"))))
    explained, section = set(), ""
    for line in read(Path("packaging/curfew.toml")).splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif found := re.match(r"(?:# )?([a-z_]+) = ", line):
            explained.add(f"{section}.{found.group(1)}")
    assert known and explained == known


def test_decisions_are_whole():
    """docs/adr: NNNN-title.md, numbered without a gap, each with its four parts."""
    names = sorted(path.name for path in files() if path.parts[:2] == ("docs", "adr"))
    problems = []
    for number, name in enumerate(names, 1):
        if not re.fullmatch(rf"{number:04d}-[a-z0-9-]+\.md", name):
            problems.append(f"docs/adr/{name}: should be {number:04d}-some-title.md")
            continue
        text = read(Path("docs/adr") / name)
        problems += [f"docs/adr/{name}: no \"## {part}\"" for part in ("Context", "Decision", "Rejected", "Consequences")
                     if not re.search(rf"^## {part}", text, re.MULTILINE)]
    assert names and not problems, listed(problems)


def test_the_map_in_the_readme_is_whole():
    """Every directory at the top stands in the README's map of the repository."""
    text = read(Path("README.md"))
    tops = {path.parts[0] for path in files() if len(path.parts) > 1 and not path.parts[0].startswith(".")}
    missing = sorted(top for top in tops if f"`{top}/`" not in text)
    assert not missing, f"README.md says nothing of {', '.join(missing)}"


def test_every_module_is_explained():
    text = read(Path("ARCHITECTURE.md"))
    modules = {path.parts[1] for path in files() if path.parts[0] == "src" and len(path.parts) > 2}
    missing = sorted(module for module in modules if not re.search(rf"^### `{module}/`", text, re.MULTILINE))
    assert not missing, f"ARCHITECTURE.md has no section on {', '.join(missing)}"
