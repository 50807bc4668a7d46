"""What the house's tests look at: the files of the repository."""
from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Without git (an unpacked archive) these are left out by name.
NOT_OURS = {".git", "build", "data", "node_modules", "dist", "__pycache__", ".pytest_cache", "test-results", "playwright-report",
            "coverage"}
CPP = {".h", ".cpp", ".inc"}


@functools.cache
def files() -> list[Path]:
    """Every file that is, or would be, committed; relative to ROOT."""
    if (ROOT / ".git").exists():
        done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                              cwd=ROOT, capture_output=True, check=False)
        if done.returncode == 0:
            names = {Path(name) for name in done.stdout.decode().split("\0") if name}
            return sorted(name for name in names if (ROOT / name).is_file())
    found = []
    for path in ROOT.rglob("*"):
        relative = path.relative_to(ROOT)
        if path.is_file() and not NOT_OURS & set(relative.parts):
            found.append(relative)
    return sorted(found)


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def is_text(path: Path) -> bool:
    with (ROOT / path).open("rb") as stream:
        return b"\0" not in stream.read(8192)


def cpp_files() -> list[Path]:
    return [path for path in files() if path.suffix in CPP]


def sources() -> list[Path]:
    """The C++ of the modules."""
    return [path for path in cpp_files() if path.parts[0] == "src"]


def cmake_files() -> list[Path]:
    return [path for path in files() if path.name == "CMakeLists.txt" or path.suffix == ".cmake"]


def uncommented(cmake: str) -> str:
    return re.sub(r"#[^\n]*", "", cmake)


def listed(problems: list[str]) -> str:
    return "\n" + "\n".join(problems)
