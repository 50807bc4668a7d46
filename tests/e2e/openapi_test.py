"""openapi.json against real answers: what is documented is what is sent."""
import json
from datetime import datetime, timedelta, timezone

import pytest
from jsonschema import Draft202012Validator, RefResolver

METHODS = ("get", "put", "post", "patch", "delete")


class Document:
    def __init__(self, document: dict):
        self.document = document
        self.resolver = RefResolver("", document)

    def operation(self, method: str, path: str) -> tuple[str, dict]:
        best = None
        for pattern, item in self.document["paths"].items():
            wanted, given = pattern.split("/"), path.split("?")[0].split("/")
            if len(wanted) == len(given) and method in item and all(w == g or w.startswith("{") for w, g in zip(wanted, given)):
                score = sum(w == g for w, g in zip(wanted, given))
                if best is None or score > best[0]:
                    best = (score, pattern, item[method])
        assert best, f"{method} {path} is not documented"
        return best[1], best[2]

    def check(self, method: str, path: str, response) -> str:
        pattern, operation = self.operation(method, path)
        answers = operation["responses"]
        answer = answers.get(str(response.status_code)) or answers.get("default")
        assert answer, f"{method} {pattern} answered {response.status_code}, which is not documented: {response.text[:200]}"
        if "$ref" in answer:
            answer = self.resolver.resolve(answer["$ref"])[1]
        content = answer.get("content", {})
        media = response.headers.get("Content-Type", "").split(";")[0]
        if not content:
            assert not response.content, f"{method} {pattern} {response.status_code} has an undocumented body"
            return pattern
        assert media in content, f"{method} {pattern} {response.status_code} sent {media}"
        schema = content[media].get("schema")
        if schema and media in ("application/json", "application/problem+json"):
            errors = list(Draft202012Validator(schema, resolver=self.resolver).iter_errors(response.json()))
            assert not errors, f"{method} {pattern} {response.status_code}: {errors[0].message} at {list(errors[0].path)}: {response.text[:300]}"
        return pattern


@pytest.fixture(scope="module")
def document(shared):
    return Document(shared.call("GET", "/openapi.json", key=None).json())


def test_document_is_whole(document):
    assert document.document["openapi"].startswith("3.1")
    seen = set()
    for path, item in document.document["paths"].items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            assert operation.get("summary") and operation.get("x-permission") and operation["responses"], (path, method)
    for schema in document.document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_real_answers_are_as_documented(shared, document):
    done = set()

    def call(method: str, path: str, **kwargs):
        response = shared.call(method, path, **kwargs)
        done.add((method.lower(), document.check(method.lower(), path, response)))
        return response

    base = "/api/v1/realms/production"
    person = {"userId": "u-ann", "username": "ann", "ipAddress": "203.0.113.7", "clients": [{"clientId": "crm", "name": "CRM"}]}
    call("GET", "/api/v1/me")
    call("GET", "/api/v1/me", key=None)
    call("POST", "/api/v1/login", json={"username": "admin", "password": "wrong wrong wrong"}, key=None)
    signed = call("POST", "/api/v1/login", json={"username": "admin", "password": "correct horse battery"}, key=None)
    me = call("GET", "/api/v1/me", key=None, cookies=signed.cookies)
    call("POST", "/api/v1/logout", key=None, cookies=signed.cookies, headers={"X-CSRF-Token": me.json()["csrfToken"]})
    call("POST", "/api/v1/realms", json={"name": "doomed", "displayName": "Doomed"})
    call("POST", "/api/v1/realms", json={"name": "doomed"})
    call("GET", "/api/v1/realms")
    call("GET", base)
    call("GET", "/api/v1/realms/nowhere")
    call("PATCH", "/api/v1/realms/doomed", json={"policy": {"idleTimeout": "PT30M"}})
    call("DELETE", "/api/v1/realms/doomed")
    call("PUT", base + "/sessions/regular/a", json=person)
    call("PUT", base + "/sessions/regular/a", json=person)
    call("PUT", base + "/sessions/offline/a", json=person)
    call("PUT", base + "/sessions/regular/b", json={})
    made = call("POST", base + "/sessions", json={"type": "regular", **person}).json()
    call("GET", base + "/sessions")
    call("GET", "/api/v1/realms/-/sessions?sort=username")
    call("GET", base + "/sessions?colour=red")
    call("GET", base + "/sessions/regular/a")
    call("GET", base + "/sessions/regular/none")
    call("POST", base + "/sessions/regular/a/touch", json={})
    call("POST", base + "/sessions/regular/none/touch", json={})
    call("POST", base + "/sessions/regular/a/clients/wiki", json={})
    call("GET", base + f"/check?type=regular&id={made['id']}")
    call("GET", base + "/check?type=regular&id=none")
    call("POST", base + "/introspect", data={"token": made["token"]})
    call("POST", base + "/introspect", data={"token": "none"})
    call("POST", base + "/ingest", data=b'{"op":"touch","type":"regular","id":"a","at":"2026-03-01T00:00:00Z"}\nnonsense\n', headers={"Content-Type": "application/x-ndjson"})
    call("GET", base + "/users?search=an")
    call("GET", base + "/users/u-ann")
    call("GET", base + "/users/nobody")
    call("GET", base + "/users/u-ann/sessions")
    call("GET", base + "/clients")
    call("GET", base + "/stats")
    call("GET", base + "/stats/series")
    networks = [{"name": "Corporate", "cidrs": ["10.20.0.0/16"], "trusted": True}]
    call("GET", base + "/detection")
    call("PUT", base + "/detection", json={"networks": networks, "rules": {"many_networks": {"threshold": 2, "window": "PT2H"}}})
    call("PUT", base + "/detection", json={"rules": {"many_networks": {"threshold": 0}}})
    for number, device in enumerate(({}, {"deviceId": "laptop-7"}, {})):
        call("PUT", base + f"/sessions/regular/d{number}",
             json={"userId": "u-eve", "username": "eve", "ipAddress": f"198.51.{number}.7", **device,
                   "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"})
    assert call("GET", base + "/sessions/regular/d0").json()["signals"]
    assert call("GET", base + "/signals").json()["items"]
    call("GET", "/api/v1/realms/-/signals?severity=high&rule=many_networks")
    call("GET", base + "/signals?rule=odd")
    call("GET", base + "/sessions?signal=any&networkNot=Corporate&device=desktop&sort=-severity")
    call("GET", base + "/sessions?network=Nowhere")
    call("GET", base + "/sessions/regular/d1/related")
    call("GET", base + "/sessions/regular/none/related")
    assert len(call("GET", base + "/users/u-eve/devices").json()["items"]) == 2
    call("GET", base + "/users/nobody/devices")
    suppression = {"user": "u-eve", "rule": "many_networks", "reason": "expected", "expires": "2000-01-01T00:00:00Z"}
    call("POST", base + "/suppressions", json=suppression)
    suppression["expires"] = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    silent = call("POST", base + "/suppressions", json=suppression).json()
    call("GET", base + "/suppressions")
    call("DELETE", base + f"/suppressions/{silent['id']}")
    call("DELETE", base + f"/suppressions/{silent['id']}")
    call("POST", base + "/policy/simulation", json={"policy": {"maxSessionsPerUser": 1}})
    call("POST", base + "/policy/simulation", json={"policy": {"maxSessionsPerUser": 0}})
    call("POST", base + "/revocations?dryRun=true", json={"user": "u-ann"})
    call("POST", base + "/sessions/regular/a/end", json={})
    call("DELETE", base + f"/sessions/regular/{made['id']}?reason=documented")
    call("DELETE", base + f"/sessions/regular/{made['id']}")
    call("PUT", base + "/sessions/regular/a", json=person)
    finished = call("POST", base + "/revocations", json={"all": True, "reason": "documented"}).json()
    call("POST", base + "/revocations", json={"all": "yes"})
    call("GET", base + "/revocations")
    call("GET", base + f"/revocations/{finished['id']}")
    call("GET", base + "/revocations/none")
    call("POST", base + f"/revocations/{finished['id']}/stop", json={})
    call("GET", base + "/users/u-ann/history")
    call("GET", base + "/audit")
    call("GET", "/api/v1/realms/-/audit")
    call("POST", "/api/v1/realms/-/audit/verify")
    for form in ("jsonl", "csv"):
        call("GET", base + f"/audit/export?format={form}")
    call("GET", base + "/audit/export?format=cef")
    key = call("POST", "/api/v1/keys", json={"name": "k", "grants": [{"realm": "-", "permissions": ["SESSIONS:READ"]}]}).json()
    call("GET", "/api/v1/keys")
    call("GET", f"/api/v1/keys/{key['id']}")
    call("PATCH", f"/api/v1/keys/{key['id']}", json={"name": "k2"})
    call("GET", "/api/v1/keys", key=key["key"])
    call("DELETE", f"/api/v1/keys/{key['id']}")
    call("DELETE", f"/api/v1/keys/{key['id']}")
    operator = call("POST", "/api/v1/operators", json={"username": "olga", "password": "a long enough password",
                                                       "grants": [{"realm": "production", "permissions": ["SESSIONS:READ"]}]}).json()
    call("POST", "/api/v1/operators", json={"username": "short", "password": "short", "grants": []})
    call("GET", "/api/v1/operators")
    call("GET", f"/api/v1/operators/{operator['id']}")
    call("PATCH", f"/api/v1/operators/{operator['id']}", json={"displayName": "Olga"})
    call("DELETE", f"/api/v1/operators/{operator['id']}")
    for path in ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs"):
        call("GET", path, key=None)

    everything = {(m, p) for p, item in document.document["paths"].items() for m in item if m in METHODS}
    streams = {p for p in document.document["paths"] if p.endswith("/events")}
    untouched = {(m, p) for m, p in everything - done if p not in streams and not p.startswith("/docs/")}
    assert not untouched, f"not called: {sorted(untouched)}"
