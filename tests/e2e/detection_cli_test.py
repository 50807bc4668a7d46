"""Devices, signals and realms as code, from the command line."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

from harness import API_KEY, BINARY, Server

CORPORATE = {"name": "Corporate", "cidrs": ["10.20.0.0/16"], "trusted": True}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"
SAFARI = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
          "Mobile/15E148 Safari/604.1")
JANE = [("office", "10.20.14.37", FIREFOX), ("lisbon", "203.0.113.45", FIREFOX), ("script", "198.51.100.23", FIREFOX),
        ("hotel", "192.0.2.118", SAFARI), ("host", "2001:db8:51a7:9::2f", FIREFOX)]


@pytest.fixture
def production(server):
    server.realm("production", "Production", idleTimeout="PT30M", maxSessionsPerUser=20)
    answer = server.call("PUT", "/api/v1/realms/production/detection", json={"networks": [CORPORATE]})
    assert answer.status_code == 200, answer.text
    return server


@pytest.fixture
def incident(production):
    for session_id, ip, agent in JANE:
        assert production.put("production", session_id, "jane.doe", ip, userAgent=agent).status_code == 201
    assert production.put("production", "john", "john.roe", "203.0.113.45", userAgent=FIREFOX).status_code == 201
    return production


def done(server: Server, *args: str, **kwargs) -> str:
    result = server.cli(*args, **kwargs)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def exported(server: Server, realm: str) -> str:
    return done(server, "realms", "export", realm)


def eventually(check, limit_s: float = 30) -> None:
    """What a changed setting does to signals that stand is worked off in the background, a slice at a time."""
    deadline = time.monotonic() + limit_s
    while not check():
        assert time.monotonic() < deadline


def attention(server: Server) -> list[str]:
    return [u["username"] for u in server.cli_json("signals", "list", "--realm", "production")["items"]]


def listed(server: Server, *filters: str) -> set[str]:
    return {s["id"] for s in server.cli_json("sessions", "list", "--realm", "production", "--all-pages", *filters)["items"]}


# --- A realm as code -----------------------------------------------------------------------------------------------------


def test_export_applied_elsewhere_exports_the_same(production, tmp_path):
    changed = re.sub(r"(\[rules\.many_networks\][^\[]*threshold = )\d+", r"\g<1>7", exported(production, "production"))
    changed = changed.replace('max_lifetime = "none"', 'max_lifetime = "P1D"', 1)
    changed += '\n[[networks]]\nname = "VPN \\"b\\" ü"\ncidrs = ["198.51.100.0/24", "2001:db8::/32"]\ntrusted = false\n'
    file = tmp_path / "production.toml"
    file.write_text(changed)
    assert "3 changes made to realm production." in done(production, "realms", "apply", str(file), "--yes")

    first = exported(production, "production")
    assert "threshold = 7" in first and 'max_lifetime = "P1D"' in first
    file.write_text(first)
    out = done(production, "realms", "apply", str(file), "--realm", "copy", "--create", "--yes")
    assert out == "Realm copy is created.\n"
    copy = first.replace('realm = "production"', 'realm = "copy"').replace('display_name = "Production"', 'display_name = "copy"')
    assert exported(production, "copy") == copy
    for realm in ("production", "copy"):  # a second time, nobody is asked and nothing is sent
        assert "nothing to change" in done(production, "realms", "apply", str(file), "--realm", realm)
    assert exported(production, "production") == first


def test_apply_says_each_difference_before_it_changes_anything(incident):
    before = exported(incident, "production")
    text = ('realm = "production"\nnetworks = []\n[policy]\nmax_sessions_per_user = 2\n'
            "[rules.many_networks]\nenabled = false\n")
    out = done(incident, "realms", "apply", "-", "--dry-run", input=text)
    assert out == ("Realm production would change:\n"
                   "  policy: max sessions per user from 20 to 2\n"
                   "  network Corporate: removed\n"
                   "  rule many_networks: switched off\n"
                   "The new policy ends 3 sessions of 1 user now.\n"
                   "Nothing was changed.\n")
    asked = incident.cli("realms", "apply", "-", input=text)
    assert asked.returncode == 2 and "--yes" in asked.stderr
    assert exported(incident, "production") == before
    changes = json.loads(done(incident, "realms", "apply", "-", "--dry-run", "-o", "json", input=text))
    assert [c["field"] for c in changes["changes"]] == ["policy.maxSessionsPerUser", "networks.Corporate",
                                                        "rules.many_networks.enabled"]
    assert changes["applied"] is False


@pytest.mark.parametrize("text, says", [
    ("[policy]\nidle_timout = \"PT1M\"\n", "line 2: \"idle_timout\" is not known"),
    ("[rules.new_devices]\nenabled = true\n", "line 1: there is no rule \"new_devices\". Did you mean new_device?"),
    ("[rules.many_networks]\ntreshold = 4\n", "line 2: rule many_networks has no \"treshold\". Did you mean threshold?"),
    ("[rules.many_networks]\nthreshold = 0\n", "line 2: "),          # the server's own refusals
    ("\n[rules.many_networks]\nseverity = \"worst\"\n", "line 3: "),
    ("[rules.new_device]\nlearning_period = \"14 days\"\n", "line 2: "),
    ("[[networks]]\nname = \"a\"\ncidrs = []\n", "line 3: "),
    ("[policy]\nidle_timeout = \"PT0S\"\n", "line 2: "),
])
def test_mistakes_in_a_file_are_told_with_their_line(production, text, says):
    before = exported(production, "production")
    result = production.cli("realms", "apply", "-", "--yes", "--realm", "production", input=text)
    assert result.returncode == 2, result.stdout + result.stderr
    assert f"standard input, {says}" in result.stderr
    assert exported(production, "production") == before


def test_simulation_tells_what_a_policy_would_end(incident):
    out = done(incident, "realms", "simulate", "production", "--max-sessions-per-user", "2")
    assert out.startswith("3 sessions of 1 user would end now: 3 regular, 0 offline.\n")
    assert "3 over the number of sessions a user may have" in out and "jane.doe" in out
    would = incident.cli_json("realms", "simulate", "production", "--max-sessions-per-user", "2")
    assert would["causes"]["concurrent_limit"] == 3
    assert listed(incident) == {"office", "lisbon", "script", "hotel", "host", "john"}


# --- Signals -------------------------------------------------------------------------------------------------------------


def test_the_incident_from_the_command_line(incident):
    cases = incident.cli_json("signals", "list", "--realm", "production")["items"]
    assert [u["username"] for u in cases] == ["jane.doe"]
    assert "many_networks" in [s["rule"] for s in cases[0]["signals"]]
    table = done(incident, "signals", "list")
    assert "jane.doe" in table and "networks at once" in table
    elsewhere = {"lisbon", "script", "hotel", "host"}
    assert listed(incident, "--signal", "many_networks", "--network-not", "Corporate", "--sort", "-severity") == elsewhere
    shown = done(incident, "sessions", "show", "--realm", "production", "regular/lisbon")
    assert "networks at once" in shown and "many_networks" in shown
    done(incident, "sessions", "revoke", "--realm", "production", "--user", "jane.doe", "--network-not", "Corporate", "--yes",
         "--reason", "INC-4711")
    assert listed(incident, "--user", "jane.doe") == {"office"}
    eventually(lambda: attention(incident) == [])


def test_suppression_silences_for_a_time_and_is_audited(incident):
    done(incident, "signals", "suppress", "--realm", "production", "--user", "jane.doe", "--for", "P7D", "--reason", "a journey")
    eventually(lambda: attention(incident) == [])
    assert listed(incident, "--signal", "any") == set()
    kept = incident.cli_json("signals", "suppressions", "--realm", "production")["items"]
    assert [(s["user"], s["rule"], s["reason"]) for s in kept] == [("u-jane.doe", None, "a journey")]
    done(incident, "signals", "unsuppress", "--realm", "production", kept[0]["id"])
    assert incident.cli_json("signals", "suppressions", "--realm", "production")["items"] == []
    eventually(lambda: attention(incident) == ["jane.doe"])
    assert listed(incident, "--signal", "many_networks") >= {"lisbon", "script", "hotel", "host"}
    actions = [r["action"] for r in incident.audit("production")]
    assert "suppression.created" in actions and "suppression.removed" in actions


def test_an_unknown_network_is_refused_by_name(incident):
    result = incident.cli("sessions", "list", "--realm", "production", "--network", "Nowhere")
    assert result.returncode == 2 and "network" in result.stderr and "Nowhere" in result.stderr


# --- Devices -------------------------------------------------------------------------------------------------------------


def test_devices_are_listed_filtered_and_ended(incident):
    devices = incident.cli_json("users", "devices", "--realm", "production", "jane.doe")["items"]
    by_kind = {d["kind"]: d for d in devices}
    assert by_kind["desktop"]["sessions"]["total"] == 4 and by_kind["mobile"]["sessions"]["total"] == 1
    assert listed(incident, "--device", "mobile") == {"hotel"}
    key = by_kind["desktop"]["key"]
    assert listed(incident, "--device", key) == {"office", "lisbon", "script", "host", "john"}
    assert "mobile" in done(incident, "users", "devices", "--realm", "production", "u-jane.doe")
    done(incident, "sessions", "revoke", "--realm", "production", "--user", "jane.doe", "--device", key, "--yes")
    assert listed(incident) == {"hotel", "john"}
    assert "Devices: desktop 1, mobile 1." in done(incident, "stats", "--realm", "production")


def test_related_sessions_are_counted_with_the_options_that_list_them(incident):
    related = incident.cli_json("sessions", "related", "--realm", "production", "regular/lisbon")
    assert {name: related[name]["sessions"] for name in related} == {"user": 5, "address": 2, "network": 2, "device": 5}
    assert related["address"]["users"] == 2
    rows = done(incident, "sessions", "related", "--realm", "production", "regular/lisbon").splitlines()[1:]
    for row, ids in zip(rows, [{s[0] for s in JANE}, {"lisbon", "john"}, {"lisbon", "john"},
                               {"office", "lisbon", "script", "host", "john"}]):
        options = re.search(r"--.*", row)[0]
        words = subprocess.run(["sh", "-c", f"printf '%s\\n' {options}"], capture_output=True, text=True, check=True)
        assert listed(incident, *words.stdout.splitlines()) == ids, row


def test_watch_shows_what_matches_its_filters(production):
    with production.call("GET", "/api/v1/realms/production/events", stream=True) as stream:
        production.put("production", "first", "john.roe", "10.20.0.1", userAgent=FIREFOX)
        since = next(line[4:] for line in stream.iter_lines(decode_unicode=True) if line.startswith("id: "))
    for session_id, ip, agent in JANE:
        production.put("production", session_id, "jane.doe", ip, userAgent=agent)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CURFEW_")}
    environment |= {"CURFEW_SERVER": production.url, "CURFEW_API_KEY": API_KEY, "HOME": str(production.data_dir)}
    watch = subprocess.Popen([str(BINARY), "sessions", "watch", "--realm", "production", "--since", since, "--device", "mobile",
                              "-o", "jsonl"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        seen = []
        for line in watch.stdout:
            event = json.loads(line)
            seen.append((event["event"], event.get("id")))
            if event["event"] == "session.started":
                production.call("DELETE", "/api/v1/realms/production/sessions/regular/lisbon")
                production.call("DELETE", "/api/v1/realms/production/sessions/regular/hotel")
            if event["event"] == "session.ended":
                break
        sessions = [s for s in seen if s[0].startswith("session.")]
        assert sessions == [("session.started", "hotel"), ("session.ended", "hotel")]
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=20) == 0
    finally:
        if watch.poll() is None:
            watch.kill()
        watch.stdout.close()
