"""Starting, stopping, configuring, securing, backing up."""
import json
import os
import shutil
import signal
import ssl
import stat
import subprocess
import threading
import time

import pytest
import requests

from harness import ADMIN_PASSWORD, API_KEY, Server, problem, run_binary


def test_first_start_makes_a_password_once(tmp_path):
    server = Server(tmp_path / "data", env={"CURFEW_BOOTSTRAP_ADMIN_PASSWORD": ""})
    del server.env["CURFEW_BOOTSTRAP_ADMIN_PASSWORD"]
    with server:
        path = tmp_path / "data" / "initial-admin-password"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        password = path.read_text().strip()
        assert len(password) >= 20
        server.wait_for_output(password)
        answer = requests.post(server.url + "/api/v1/login", json={"username": "admin", "password": password}, timeout=30)
        assert answer.status_code == 200, answer.text
        assert not any(password in json.dumps(entry) for entry in server.log)
    with server:
        server.wait_for_output("Sign in as")
        assert password not in server.output


def test_sign_in_cookie_csrf_and_rate_limit(server):
    http = requests.Session()
    wrong = http.post(server.url + "/api/v1/login", json={"username": "admin", "password": "wrong wrong wrong"}, timeout=30)
    problem(wrong, 401)
    signed = http.post(server.url + "/api/v1/login", json={"username": "admin", "password": ADMIN_PASSWORD}, timeout=30)
    assert signed.status_code == 200
    cookie = signed.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    csrf = http.get(server.url + "/api/v1/me", timeout=30).json()["csrfToken"]
    body = {"name": "made", "displayName": "Made"}
    problem(http.post(server.url + "/api/v1/realms", json=body, timeout=30), 403)
    assert http.post(server.url + "/api/v1/realms", json=body, headers={"X-CSRF-Token": csrf}, timeout=30).status_code == 201
    assert http.post(server.url + "/api/v1/logout", headers={"X-CSRF-Token": csrf}, timeout=30).status_code == 204
    problem(http.get(server.url + "/api/v1/me", timeout=30), 401)
    actions = [r["action"] for r in server.audit("-")]
    assert "operator.sign_in" in actions and "operator.sign_out" in actions
    statuses = [requests.post(server.url + "/api/v1/login", json={"username": "mallory", "password": f"guess number {i:04}"},
                              timeout=30).status_code for i in range(15)]
    assert 429 in statuses and statuses[0] == 401
    limited = requests.post(server.url + "/api/v1/login", json={"username": "mallory", "password": "guess once more"}, timeout=30)
    problem(limited, 429)
    assert int(limited.headers["Retry-After"]) > 0


def test_permissions_hold_per_realm_and_denials_are_audited(server):
    server.realm("production")
    server.realm("partners")
    server.put("production", "p", "jane.doe", "203.0.113.7")
    server.put("partners", "q", "jane.doe", "203.0.113.7")
    made = server.call("POST", "/api/v1/keys", json={"name": "reader", "grants": [{"realm": "production", "permissions": ["SESSIONS:READ"]}]})
    reader = made.json()["key"]
    assert len(server.get("/api/v1/realms/production/sessions", key=reader)["items"]) == 1
    assert [r["name"] for r in server.get("/api/v1/realms", key=reader)["items"]] == ["production"]
    assert server.get("/api/v1/realms/-/sessions", key=reader)["total"] == 1
    denied = server.call("DELETE", "/api/v1/realms/production/sessions/regular/p", key=reader)
    assert "SESSIONS:DELETE" in json.dumps(problem(denied, 403, "forbidden"))
    problem(server.call("GET", "/api/v1/realms/partners/sessions", key=reader), 404)
    problem(server.call("GET", "/api/v1/realms/production/sessions", key="cfk_" + "x" * 43), 401)
    problem(server.call("GET", "/api/v1/realms/production/sessions", key=None), 401)
    records = server.audit("production", action="access.denied")
    assert records and records[0]["outcome"] == "denied" and records[0]["actor"]["name"] == "reader"
    assert server.call("DELETE", f"/api/v1/keys/{made.json()['id']}").status_code == 204
    problem(server.call("GET", "/api/v1/realms/production/sessions", key=reader), 401)


def test_last_administrator_stays(server):
    keys = server.get("/api/v1/keys")["items"]
    operators = server.get("/api/v1/operators")["items"]
    assert len(keys) == 1 and len(operators) == 1
    assert server.call("DELETE", f"/api/v1/operators/{operators[0]['id']}").status_code == 204
    problem(server.call("DELETE", f"/api/v1/keys/{keys[0]['id']}"), 409)
    assert server.call("GET", "/api/v1/me").status_code == 200


def test_second_server_on_the_same_data_is_refused(server):
    second = run_binary("serve", "--listen", "127.0.0.1:0", "--data-dir", str(server.data_dir))
    assert second.returncode == 1
    assert "Another process works on this data directory" in second.stderr, second.stderr
    assert server.call("GET", "/readyz").status_code == 200


def test_configuration_mistakes_are_named_with_their_line(tmp_path):
    config = tmp_path / "curfew.toml"
    config.write_text('[server]\nlisten = "127.0.0.1:0"\n\n[log]\nlevel = "loud"\n')
    done = run_binary("serve", "--config", str(config), "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1 and f"{config}:5" in done.stderr
    done = run_binary("serve", "--listen", "0.0.0.0:0", "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1 and "TLS" in done.stderr
    assert not (tmp_path / "data").exists()


def test_shipped_configuration_is_valid(tmp_path):
    from harness import ROOT
    server = Server(tmp_path / "data", args=["--config", str(ROOT / "packaging" / "curfew.toml")])
    with server:
        assert server.call("GET", "/livez").status_code == 200


def make_certificate(directory, name: str) -> None:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(directory / "tls.key"),
                    "-out", str(directory / "tls.crt")], check=True, capture_output=True)


def test_tls_serves_and_reloads(tmp_path):
    make_certificate(tmp_path, "first")
    server = Server(tmp_path / "data", env={"CURFEW_SERVER_TLS_CERTIFICATE": str(tmp_path / "tls.crt"),
                                            "CURFEW_SERVER_TLS_KEY": str(tmp_path / "tls.key")})
    with server:
        assert server.url.startswith("https://")
        assert server.call("GET", "/api/v1/me", verify=str(tmp_path / "tls.crt")).status_code == 200
        first = (tmp_path / "tls.crt").read_text()
        make_certificate(tmp_path, "second")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("certificate reloaded")
        host, port = server.url.removeprefix("https://").split(":")
        assert ssl.get_server_certificate((host, int(port))).split() == (tmp_path / "tls.crt").read_text().split()
        (tmp_path / "tls.key").write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("certificate not reloaded: the old one stays")
        assert ssl.get_server_certificate((host, int(port))).split() != first.split()
        done = server.cli("me", env={"CURFEW_CA_FILE": str(tmp_path / "tls.crt")})
        assert done.returncode == 0, done.stderr


def test_health_metrics_and_orderly_stop(server):
    assert server.call("GET", "/livez", key=None).status_code == 200
    assert server.call("GET", "/readyz", key=None).status_code == 200
    server.realm("production")
    server.put("production", "s", "jane.doe", "203.0.113.7")
    metrics = server.call("GET", "/metrics", key=None).text
    assert "curfew_" in metrics and "jane.doe" not in metrics and "# TYPE" in metrics
    for line in metrics.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2, line
        if not line.startswith("#"):
            float(line.rsplit(" ", 1)[1])
    assert server.stop() == 0
    server.start()
    assert len(server.sessions("production")) == 1


def test_backup_of_a_running_server_restores_elsewhere(server, tmp_path):
    server.realm("production")
    server.ingest("production", [{"op": "start", "type": "regular", "id": f"s{i}", "userId": "u", "username": "u",
                                  "ipAddress": "203.0.113.7"} for i in range(500)])
    server.revoke("production", {"filter": {"search": "s1"}, "reason": "before the backup"})
    left = {s["id"] for s in server.sessions("production")}
    done = run_binary("backup", "--data-dir", str(server.data_dir), str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    assert run_binary("backup", "--data-dir", str(server.data_dir), str(tmp_path / "copy")).returncode == 1
    server.revoke("production", {"all": True})
    assert run_binary("restore", "--data-dir", str(tmp_path / "other"), str(tmp_path / "copy")).returncode == 0
    checked = run_binary("check-data", str(tmp_path / "other"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with Server(tmp_path / "other") as restored:
        assert {s["id"] for s in restored.sessions("production")} == left
        assert restored.call("POST", "/api/v1/realms/-/audit/verify").json()["ok"] is True
    victim = next(p for p in (tmp_path / "copy").rglob("*.sst") if p.is_file())
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))
    broken = run_binary("restore", "--data-dir", str(tmp_path / "third"), str(tmp_path / "copy"))
    assert broken.returncode == 1 and not (tmp_path / "third" / "ledger").exists()


def test_full_disk_refuses_writes_and_loses_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a small file system can't be mounted here: " + mounted.stderr.decode().strip())
    try:
        server = Server(disk / "data", env={"CURFEW_DATA_MIN_FREE_BYTES": str(8 << 20)})
        with server:
            server.realm("production")
            server.put("production", "s", "jane.doe", "203.0.113.7")
            filler = disk / "filler"
            with filler.open("wb") as out:
                free = shutil.disk_usage(disk).free
                out.write(b"\0" * (free - (4 << 20)))
            refused = server.put("production", "t", "jane.doe", "203.0.113.8")
            body = problem(refused, 503)
            assert "Retry-After" in refused.headers, body
            problem(server.call("DELETE", "/api/v1/realms/production/sessions/regular/s"), 503)
            assert [s["id"] for s in server.sessions("production")] == ["s"]
            assert server.audit("production", action="session.ended") == []
            assert server.call("GET", "/readyz").status_code == 503
            filler.unlink()
            deadline = time.monotonic() + 60
            while server.put("production", "t", "jane.doe", "203.0.113.8").status_code != 201:
                assert time.monotonic() < deadline
            assert server.call("DELETE", "/api/v1/realms/production/sessions/regular/s").status_code == 204
            assert server.call("GET", "/readyz").status_code == 200
            server.kill()
            server.start()
            assert [s["id"] for s in server.sessions("production")] == ["t"]
    finally:
        subprocess.run(["umount", "-l", str(disk)], capture_output=True)


def test_concurrent_limit_and_idle_policies_end_sessions_with_their_name(server):
    server.realm("production", maxSessionsPerUser=2, idleTimeout="PT1S")
    for i in range(3):
        server.put("production", f"s{i}", "jane.doe", "203.0.113.7")
    deadline = time.monotonic() + 30
    while server.sessions("production"):
        assert time.monotonic() < deadline
    codes = {r["session"]["id"]: r["code"] for r in server.audit("production", action="session.ended")}
    assert codes == {"s0": "concurrent_limit", "s1": "idle_timeout", "s2": "idle_timeout"}
    assert all(r["actor"]["kind"] == "policy" for r in server.audit("production", action="session.ended"))


def test_two_operators_never_both_end_one_session(server):
    server.realm("production")
    for i in range(200):
        server.put("production", f"s{i}", "jane.doe", "203.0.113.7")
    outcomes: list[list[int]] = [[], []]

    def end_all(which: int) -> None:
        for i in range(200):
            outcomes[which].append(server.call("DELETE", f"/api/v1/realms/production/sessions/regular/s{i}").status_code)

    threads = [threading.Thread(target=end_all, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(sorted(pair) == [204, 404] for pair in zip(*outcomes))
    assert len(server.audit("production", action="session.ended")) == 200


def test_live_events_resume_where_they_were_cut(server):
    server.realm("production")

    def read(response, count):
        events, event = [], {}
        for line in response.iter_lines(decode_unicode=True):
            if not line:
                if event.get("event", "").startswith("session."):
                    events.append(event)
                    if len(events) == count:
                        return events
                event = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(":")
                event[name] = value.strip()
        return events

    stream = server.call("GET", "/api/v1/realms/production/events", stream=True)
    server.put("production", "a", "jane.doe", "203.0.113.7")
    first = read(stream, 1)
    stream.close()
    assert first[0]["event"] == "session.started" and json.loads(first[0]["data"])
    server.put("production", "b", "jane.doe", "203.0.113.7")
    server.call("DELETE", "/api/v1/realms/production/sessions/regular/a")
    resumed = server.call("GET", "/api/v1/realms/production/events", stream=True, headers={"Last-Event-ID": first[0]["id"]})
    assert [e["event"] for e in read(resumed, 2)] == ["session.started", "session.ended"]
    resumed.close()


def test_command_line_speaks_to_people_and_programs(server):
    server.realm("production")
    server.put("production", "s", "=cmd|x", "203.0.113.7")
    table = server.cli("sessions", "list", "--realm", "production")
    assert table.returncode == 0 and "203.0.113.7" in table.stdout
    csv = server.cli("sessions", "list", "--realm", "production", "--output", "csv")
    assert "'=cmd|x" in csv.stdout
    lines = server.cli("sessions", "list", "--realm", "production", "--output", "jsonl")
    assert json.loads(lines.stdout.splitlines()[0])["id"] == "s"
    assert server.cli("sessions", "list", "--realm", "production", "--ip", "nowhere").returncode in (1, 2)
    assert server.cli("sessions", "explode").returncode == 2
    assert server.cli("sessions", "list", key="cfk_" + "x" * 43).returncode == 1
    assert server.cli("--version").stdout.strip()
    for shell in ("bash", "zsh", "fish"):
        assert "sessions" in server.cli("completion", shell).stdout
    manual = server.cli("man").stdout
    assert manual.lstrip().startswith(".") and "check\\-data" in manual
    nobody = server.cli("me", env={"CURFEW_SERVER": "http://127.0.0.1:1"})
    assert nobody.returncode == 1 and API_KEY not in nobody.stderr + nobody.stdout
    assert os.environ.get("CURFEW_API_KEY") is None
