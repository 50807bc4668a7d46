"""src/api/openapi.json, the contract: whole in itself, and what the console's types are made from."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tree import ROOT, listed, read

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
PERMISSIONS = {"SESSIONS:READ", "SESSIONS:DELETE", "SESSIONS:WRITE", "SESSIONS:CHECK", "USERS:READ", "AUDIT:READ", "POLICIES:WRITE",
               "ADMIN:*", "authenticated", "public"}


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(read(Path("src/api/openapi.json")))


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, item, operation


def resolve(document, reference: str):
    at = document
    for part in reference.removeprefix("#/").split("/"):
        at = at[part.replace("~1", "/").replace("~0", "~")]
    return at


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_references_resolve(document):
    problems = []
    for reference in set(references(document)):
        try:
            resolve(document, reference)
        except (KeyError, TypeError):
            problems.append(reference)
    assert not problems, listed(problems)


def test_nothing_is_defined_for_nothing(document):
    used = set(references(document))
    idle = [f"{kind}/{name}" for kind, members in document.get("components", {}).items() if kind != "securitySchemes"
            for name in members if f"#/components/{kind}/{name}" not in used]
    assert not idle, f"nothing refers to {', '.join(idle)}"


def test_operations_are_named_once(document):
    names = [operation.get("operationId", f"{method} {path} has none") for path, method, _, operation in operations(document)]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice and all(" " not in name for name in names), listed(twice or [name for name in names if " " in name])


def test_operations_are_explained_and_answer(document):
    problems = []
    for path, method, _, operation in operations(document):
        if not operation.get("summary"):
            problems.append(f"{method} {path}: no summary")
        if not any(re.fullmatch(r"[23]\d\d|[23]XX", status) for status in operation.get("responses", {})):
            problems.append(f"{method} {path}: no answer for success")
    assert not problems, listed(problems)


def test_path_parameters_are_declared(document):
    problems = []
    for path, method, item, operation in operations(document):
        declared = set()
        for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]:
            parameter = resolve(document, parameter["$ref"]) if "$ref" in parameter else parameter
            if parameter["in"] == "path":
                declared.add(parameter["name"])
        if declared != set(re.findall(r"{(\w+)}", path)):
            problems.append(f"{method} {path}: declares {sorted(declared)}")
    assert not problems, listed(problems)


def test_permissions_are_known(document):
    problems = []
    for path, method, _, operation in operations(document):
        permission = operation.get("x-permission")
        wanted = permission if isinstance(permission, list) else [permission] if permission else []
        problems += [f"{method} {path}: {name}" for name in wanted if name not in PERMISSIONS]
    assert not problems, listed(problems)


def test_the_consoles_types_know_every_path(document):
    """console/src/shared/api/schema.d.ts is generated from the document: npm run generate."""
    schema = ROOT / "console" / "src" / "shared" / "api" / "schema.d.ts"
    if not schema.is_file():
        pytest.skip("there is no console in this tree")
    text = schema.read_text(encoding="utf-8")
    missing = [path for path in document["paths"] if f'"{path}": {{' not in text and f"'{path}': {{" not in text]
    missing += [name for name in document["components"]["schemas"] if not re.search(rf"^\s+{name}: ", text, re.MULTILINE)
                and not re.search(rf"^\s+{name}:$", text, re.MULTILINE)]
    assert not missing, "generate the types anew (npm run generate): " + ", ".join(missing)
