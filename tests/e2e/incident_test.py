"""The incident: an operator ends all of jane.doe's sessions but the one from the corporate network."""
import json

from harness import API_KEY, Server, problem

CORPORATE = "10.20.0.0/16"
JANE = [("office", "10.20.14.37", "regular"), ("lisbon", "203.0.113.45", "regular"), ("script", "198.51.100.23", "regular"),
        ("hotel", "192.0.2.118", "regular"), ("host", "2001:db8:51a7:9::2f", "regular"), ("phone", "203.0.113.45", "offline")]
ELSEWHERE = {(kind, id) for id, ip, kind in JANE if not ip.startswith("10.20.")}


def prepare(server: Server) -> None:
    server.realm("production", "Production")
    server.realm("partners", "Partners")
    for session_id, ip, kind in JANE:
        assert server.put("production", session_id, "jane.doe", ip, kind=kind, email="jane.doe@example.com",
                          clients=[{"clientId": "web-portal", "name": "Web portal"}]).status_code == 201
    server.put("production", "john", "john.roe", "203.0.113.45")
    server.put("partners", "lisbon", "jane.doe", "203.0.113.45")


def check_aftermath(server: Server, reason: str) -> None:
    # Only the corporate session remains, in the realm's list and in her own.
    remaining = server.sessions("production", search="jane.doe")
    assert [(s["id"], s["ipAddress"]) for s in remaining] == [("office", "10.20.14.37")]
    own = server.get("/api/v1/realms/production/users/u-jane.doe/sessions")
    assert [s["id"] for s in own["items"]] == ["office"] and own["total"] == 1

    # The audit log holds each with session id, user id, address and reason.
    records = server.audit("production", action="session.ended", user="u-jane.doe")
    assert {(r["session"]["type"], r["session"]["id"]) for r in records} == ELSEWHERE
    addresses = {(kind, id): ip for id, ip, kind in JANE}
    for record in records:
        session = record["session"]
        assert session["ipAddress"] == addresses[session["type"], session["id"]]
        assert record["user"] == {"id": "u-jane.doe", "username": "jane.doe"}
        assert record["reason"] == reason
        assert record["outcome"] == "success"
        assert record["realm"] == "production"
        assert record["requestId"]
        assert record["actor"]["name"] == "bootstrap"

    # A touch, a repeated start and a replayed ingest bring nothing back; nor does a check count them as live.
    for kind, session_id in ELSEWHERE:
        base = f"/api/v1/realms/production/sessions/{kind}/{session_id}"
        problem(server.call("POST", base + "/touch", json={}), 404, "not_active")
        problem(server.call("POST", base + "/clients/crm", json={}), 404, "not_active")
        problem(server.put("production", session_id, "jane.doe", "203.0.113.45", kind=kind), 409, "already_ended")
        assert server.call("GET", f"/api/v1/realms/production/check?type={kind}&id={session_id}").status_code == 401
        answer = server.call("POST", "/api/v1/realms/production/introspect", data={"sid": session_id, "type": kind})
        assert answer.json() == {"active": False}
    replay = server.ingest("production", [
        {"op": "start", "type": kind, "id": id, "userId": "u-jane.doe", "username": "jane.doe", "ipAddress": ip}
        for id, ip, kind in JANE])
    assert replay["accepted"] == 1 and replay["refused"] == 5
    assert {r["code"] for r in replay["refusals"]} == {"already_ended"}
    assert len(server.sessions("production", user="jane.doe")) == 1

    # Another user's session and the second realm are untouched.
    assert [s["id"] for s in server.sessions("production", search="john")] == ["john"]
    assert [s["id"] for s in server.sessions("partners")] == ["lisbon"]
    assert server.call("POST", "/api/v1/realms/-/audit/verify").json()["ok"] is True


def test_incident_by_api(server):
    prepare(server)
    assert len(server.sessions("production", search="JANE")) == 6

    selection = {"filter": {"user": "jane.doe", "ipNot": [CORPORATE]}, "reason": "INC-4711"}
    plan = server.call("POST", "/api/v1/realms/production/revocations?dryRun=true", json=selection).json()
    assert (plan["matched"], plan["regular"], plan["offline"], plan["users"]) == (5, 4, 1, 1)
    assert len(server.sessions("production", user="jane.doe")) == 6, "a dry run ends nothing"

    done = server.revoke("production", {**selection, "plan": plan["plan"]})
    assert (done["state"], done["requested"], done["revoked"], done["failed"]) == ("done", 5, 5, 0)
    check_aftermath(server, "INC-4711")

    # And after a restart nothing is different.
    server.stop()
    server.start()
    check_aftermath(server, "INC-4711")


def test_incident_by_command_line(server):
    prepare(server)
    listed = server.cli_json("sessions", "list", "--realm", "production", "--user", "jane.doe")
    assert {s["id"] for s in listed["items"]} == {id for id, _, _ in JANE}

    filters = ["--realm", "production", "--user", "jane.doe", "--ip-not", CORPORATE]
    dry = server.cli("sessions", "revoke", *filters, "--dry-run")
    assert dry.returncode == 0 and "5" in dry.stdout, dry.stdout + dry.stderr

    unasked = server.cli("sessions", "revoke", *filters, "--reason", "INC-4711")
    assert unasked.returncode == 2 and "--yes" in unasked.stderr
    assert len(server.sessions("production", user="jane.doe")) == 6

    done = server.cli("sessions", "revoke", *filters, "--reason", "INC-4711", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    check_aftermath(server, "INC-4711")

    listed = server.cli_json("audit", "list", "--realm", "production", "--action", "session.ended")
    assert {(r["session"]["type"], r["session"]["id"]) for r in listed["items"]} == ELSEWHERE
    assert server.cli("audit", "verify").returncode == 0


def test_bulk_of_chosen_sessions_reports_each_failure(server):
    prepare(server)
    assert server.call("DELETE", "/api/v1/realms/production/sessions/regular/hotel?reason=stale").status_code == 204
    problem(server.call("DELETE", "/api/v1/realms/production/sessions/regular/hotel"), 404, "not_active")
    chosen = [{"type": "regular", "id": id} for id in ("lisbon", "hotel", "nobody")]
    done = server.revoke("production", {"sessions": chosen, "reason": "bulk"})
    assert (done["requested"], done["revoked"], done["failed"]) == (3, 1, 2)
    failures = {f["id"]: f for f in done["failures"]}
    assert failures["hotel"]["code"] == "already_ended"
    assert failures["hotel"]["username"] == "jane.doe" and failures["hotel"]["ipAddress"] == "192.0.2.118"
    assert failures["nobody"]["code"] == "not_found"
    partly = server.cli("sessions", "revoke", "--realm", "production", "--yes", "regular/script", "regular/nobody")
    assert partly.returncode == 3, partly.stdout + partly.stderr


def test_user_and_realm_logout_keep_to_their_bounds(server):
    prepare(server)
    done = server.revoke("production", {"user": "u-jane.doe", "types": ["regular"], "reason": "regular only"})
    assert done["revoked"] == 5
    assert [s["type"] for s in server.sessions("production", user="jane.doe")] == ["offline"]
    done = server.revoke("production", {"all": True, "reason": "maintenance"})
    assert done["revoked"] == 2
    assert server.sessions("production") == []
    assert len(server.sessions("partners")) == 1
    assert len(server.audit("production", action="session.ended")) == 7


def test_drifted_plan_is_refused(server):
    prepare(server)
    selection = {"filter": {"user": "jane.doe"}}
    plan = server.call("POST", "/api/v1/realms/production/revocations?dryRun=true", json=selection).json()["plan"]
    server.put("production", "new", "jane.doe", "203.0.113.99")
    answer = server.call("POST", "/api/v1/realms/production/revocations", json={**selection, "plan": plan})
    problem(answer, 409, "plan_drifted")
    assert len(server.sessions("production", user="jane.doe")) == 7


def test_own_session_is_kept_by_default(server):
    prepare(server)
    made = server.call("POST", "/api/v1/keys", json={
        "name": "mine", "grants": [{"realm": "production", "permissions": ["SESSIONS:READ", "SESSIONS:DELETE"]}],
        "ownUser": {"realm": "production", "userId": "u-john.roe"}})
    assert made.status_code == 201, made.text
    key = made.json()["key"]
    me = server.get("/api/v1/me", key=key)
    assert me["ownUser"] == {"realm": "production", "userId": "u-john.roe"}
    own = [s for s in server.get("/api/v1/realms/production/sessions", key=key)["items"] if s["own"]]
    assert [s["id"] for s in own] == ["john"]
    done = server.revoke("production", {"all": True}, key=key)
    assert done["revoked"] == 6 and done["ownKept"] == 1
    assert [s["id"] for s in server.sessions("production")] == ["john"]
    done = server.revoke("production", {"all": True, "keepOwn": False}, key=key)
    assert done["revoked"] == 1


def test_session_made_here_is_checked_by_its_token(server):
    prepare(server)
    made = server.call("POST", "/api/v1/realms/production/sessions", json={
        "type": "regular", "userId": "u-ann", "username": "ann", "ipAddress": "192.0.2.7", "userAgent": "curl/8.5.0"})
    assert made.status_code == 201, made.text
    token, session_id = made.json()["token"], made.json()["id"]
    assert len(token) >= 43
    assert token not in json.dumps(server.get(f"/api/v1/realms/production/sessions/regular/{session_id}"))
    checked = server.call("GET", "/api/v1/realms/production/check", headers={"X-Session-Token": token})
    assert checked.status_code == 204
    active = server.call("POST", "/api/v1/realms/production/introspect", data={"token": token}).json()
    assert active["active"] is True and active["username"] == "ann"
    assert server.call("GET", "/api/v1/realms/partners/check", headers={"X-Session-Token": token}).status_code == 401
    assert server.call("DELETE", f"/api/v1/realms/production/sessions/regular/{session_id}").status_code == 204
    assert server.call("GET", "/api/v1/realms/production/check", headers={"X-Session-Token": token}).status_code == 401
    assert server.call("POST", "/api/v1/realms/production/introspect", data={"token": token}).json() == {"active": False}
    # The token is in no file of the server.
    server.stop()
    for path in server.data_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert token.encode() not in content and API_KEY.encode() not in content, path
