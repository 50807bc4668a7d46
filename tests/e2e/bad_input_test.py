"""Bad input: a clear problem each time, nothing lost, nothing half done."""
import json
import socket
import time

import pytest

from harness import API_KEY, problem

LIST = "/api/v1/realms/production/sessions"


@pytest.fixture(scope="module")
def server(shared):
    for i in range(5):
        shared.put("production", f"s{i}", "jane.doe", f"203.0.113.{i}")
    yield shared
    # Whatever was tried, these are still there.
    assert len([s for s in shared.sessions("production") if s["username"] == "jane.doe"]) == 5


@pytest.mark.parametrize("query,field", [
    ("ip=nowhere", "ip"), ("ip=10.0.0.1/8", "ip"), ("ip=10.0.0.0/33", "ip"), ("ipNot=::/129", "ipNot"), ("type=both", "type"),
    ("sort=size", "sort"), ("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"),
    ("cursor=nonsense", "cursor"), ("idleFor=30", "idleFor"), ("idleFor=P1Y", "idleFor"), ("startedAfter=yesterday", "startedAfter"),
    ("startedBefore=2026-13-01T00:00:00Z", "startedBefore"), ("rememberMe=maybe", "rememberMe"), ("colour=red", "colour"),
    ("device=phone", "device"), ("signal=odd", "signal"), ("signal=idle&signal=any", "signal"), ("network=Nowhere", "network"),
    ("search=" + "x" * 256, "search"), ("search=%ff", "search"),
    ("type=regular&type=offline", "type"),
])
def test_parameter_is_refused_by_its_name(server, query, field):
    problem(server.call("GET", f"{LIST}?{query}"), 400, field=field)


GOOD = {"userId": "u", "username": "u", "ipAddress": "203.0.113.7"}


@pytest.mark.parametrize("change,field", [
    ({"ipAddress": "1.2.3"}, "ipAddress"), ({"ipAddress": "1.2.3.4/32"}, "ipAddress"), ({"ipAddress": None}, "ipAddress"),
    ({"username": ""}, "username"), ({"username": "x" * 256}, "username"), ({"username": "a\u0007b"}, "username"), ({"username": 7}, "username"),
    ({"userId": "x" * 256}, "userId"), ({"userAgent": "x" * 1025}, "userAgent"), ({"rememberMe": "yes"}, "rememberMe"),
    ({"started": "2026-02-30T00:00:00Z"}, "started"), ({"started": "1969-01-01T00:00:00Z"}, "started"),
    ({"started": "2026-03-02T00:00:00Z", "lastAccess": "2026-03-01T00:00:00Z"}, "lastAccess"),
    ({"clients": "web"}, "clients"), ({"clients": ["a", "a"]}, "clients"), ({"clients": [f"c{i}" for i in range(65)]}, "clients"),
    ({"colour": "red"}, "colour"),
])
def test_field_is_refused_by_its_name(server, change, field):
    body = {**GOOD, **change}
    answer = problem(server.call("PUT", f"{LIST}/regular/new", json=body), 400)
    assert answer["field"].split("[")[0].split(".")[0] == field, answer
    assert server.call("GET", f"{LIST}/regular/new").status_code == 404


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"userId":"u"', "\xff\xfe", '{"a":' * 2000, '{"userId":"u","userId":"v"}'])
def test_body_that_is_no_json_object_is_refused(server, body):
    problem(server.call("PUT", f"{LIST}/regular/new", data=body.encode("latin-1"), headers={"Content-Type": "application/json"}), 400)


def test_missing_fields_are_named(server):
    answer = problem(server.call("PUT", f"{LIST}/regular/new", json={"userId": "u", "username": "u"}), 400)
    assert answer["field"] == "ipAddress"


@pytest.mark.parametrize("id", ["x" * 129, "a%20b", "a%00b", "a%2Fb", "%ff", "ü"])
def test_bad_session_id_is_refused(server, id):
    response = server.call("PUT", f"{LIST}/regular/{id}", json=GOOD)
    assert response.status_code in (400, 404), response.text
    problem(response, response.status_code)


def test_bodies_too_large_are_refused(server):
    problem(server.call("PUT", f"{LIST}/regular/new", data=b" " * (2 * 1024 * 1024), headers={"Content-Type": "application/json"}), 413)


def test_unknown_paths_methods_and_realms(server):
    problem(server.call("GET", "/api/v1/nothing"), 404)
    answer = server.call("DELETE", LIST)
    problem(answer, 405)
    assert "GET" in answer.headers["Allow"]
    problem(server.call("GET", "/api/v1/realms/nowhere/sessions"), 404)
    problem(server.call("PUT", "/api/v1/realms/-/sessions/regular/x", json=GOOD), 404)


def test_ingest_names_the_line_and_takes_the_others(server):
    lines = [
        b'{"op":"start","type":"regular","id":"i1","userId":"u","username":"u","ipAddress":"203.0.113.7"}',
        b'{"op":"start","type":"regular"',
        b'{"op":"explode","type":"regular","id":"i1"}',
        b'{"op":"touch","type":"regular","id":"i1","at":"2026-03-01T00:00:00Z","colour":"red"}',
        b'{"op":"touch","type":"regular","id":"never","at":"2026-03-01T00:00:00Z"}',
        b'{"op":"start","type":"regular","id":"i2","userId":"u","username":"\xff","ipAddress":"203.0.113.7"}',
        b'',
        b'{"op":"start","type":"regular","id":"i3","userId":"u","username":"' + b"x" * 70_000 + b'","ipAddress":"203.0.113.7"}',
        b'{"op":"start","type":"regular","id":"i1","userId":"other","username":"o","ipAddress":"203.0.113.7"}',
        b'{"op":"start","type":"regular","id":"i4","userId":"u","username":"u","ipAddress":"203.0.113.7"}',
        b'{"op":"end","type":"regular","id":"i4"}',
        b'{"op":"end","type":"regular","id":"i1"}',
    ]
    answer = server.call("POST", "/api/v1/realms/production/ingest", data=b"\n".join(lines),
                         headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    refused = {r["line"]: r["code"] for r in body["refusals"]}
    assert body["accepted"] == 4, body
    assert set(refused) >= {2, 3, 4, 5, 6, 8, 9}, refused
    assert refused[5] == "not_active" and refused[9] == "user_mismatch"
    assert body["refused"] == len(refused)


def test_many_refusals_are_counted_and_the_first_listed(server):
    body = server.ingest("production", ({"op": "touch", "type": "regular", "id": f"no{i}", "at": "2026-03-01T00:00:00Z"} for i in range(5_000)))
    assert body["refused"] == 5_000 and len(body["refusals"]) == 100


def test_client_that_vanishes_midway_leaves_what_was_whole(server):
    host, port = server.url.removeprefix("http://").split(":")
    line = json.dumps({"op": "start", "type": "regular", "id": "cut", "userId": "u", "username": "u", "ipAddress": "203.0.113.7"})
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall((f"POST /api/v1/realms/production/ingest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n"
                            "Content-Type: application/x-ndjson\r\nContent-Length: 100000\r\n\r\n" + line + "\n" + line[:20]).encode())
    deadline = time.monotonic() + 20
    while server.call("GET", f"{LIST}/regular/cut").status_code != 200:
        assert time.monotonic() < deadline, "the whole line is lost"
    assert server.call("DELETE", f"{LIST}/regular/cut").status_code == 204


@pytest.mark.parametrize("body", [
    {}, {"all": False}, {"all": True, "user": "x"}, {"sessions": []}, {"sessions": [{"type": "regular"}]}, {"filter": {"colour": 1}},
    {"filter": {"ip": ["x"]}}, {"all": True, "types": []}, {"all": True, "types": ["both"]}, {"all": True, "reason": "x" * 1001},
    {"sessions": [{"type": "regular", "id": "s0"}] * 2}, {"sessions": [{"type": "regular", "id": f"x{i}"} for i in range(10_001)]},
    {"all": True, "plan": "nonsense"},
])
def test_unclear_revocation_ends_nothing(server, body):
    response = server.call("POST", "/api/v1/realms/production/revocations", json=body)
    assert response.status_code in (400, 409, 413), (response.status_code, response.text)
    problem(response, response.status_code)


def test_slow_client_is_told_and_cut(server):
    host, port = server.url.removeprefix("http://").split(":")
    head = f"PUT {LIST}/regular/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head)  # and nothing more
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        assert answer.startswith(b"HTTP/1.1 408 ") and b"application/problem+json" in answer, answer
    assert server.call("GET", f"{LIST}/regular/slow").status_code == 404


def test_broken_clients_are_cut(server):
    host, port = server.url.removeprefix("http://").split(":")
    for garbage in (b"\x16\x03\x01\x02\x00" * 100, b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5_000 + b"\r\n"):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(garbage)
            answer = connection.recv(65536)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 5"), answer[:80]
    assert server.call("GET", "/livez").status_code == 200
