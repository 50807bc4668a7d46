"""100,000 sessions: ingested, listed under every filter against a plain model, ended by filter with a progress bar."""
import ipaddress
import json
import random
from datetime import datetime, timedelta, timezone

import pytest

from harness import Server

N = 100_000
CLIENTS = ["web-portal", "mail", "crm", "wiki", "reports"]
NOW = datetime.now(timezone.utc).replace(microsecond=0)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def generate(seed: int) -> list[dict]:
    dice = random.Random(seed)
    out = []
    for i in range(N):
        user = dice.randrange(N // 4)
        started = NOW - timedelta(seconds=dice.randrange(30 * 86400))
        last = started + (NOW - started) * dice.random()
        ip = f"10.{dice.randrange(8)}.{dice.randrange(250)}.{dice.randrange(250)}" if dice.random() < 0.8 \
            else f"2001:db8:{dice.randrange(50):x}::{dice.randrange(1, 999):x}"
        clients = dice.sample(CLIENTS[:-1], dice.randint(1, 3)) + (["reports"] if dice.random() < 0.002 else [])
        out.append({"op": "start", "type": "offline" if dice.random() < 0.15 else "regular", "id": f"session-{i:06}",
                    "userId": f"id-{user}", "username": f"User.{user:05}", "ipAddress": ip, "rememberMe": dice.random() < 0.3,
                    "started": stamp(started), "lastAccess": stamp(last), "clients": clients})
    return out


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("scale") / "data") as server:
        server.realm("production")
        data = generate(7)
        done = server.ingest("production", data, timeout=300)
        assert (done["accepted"], done["refused"]) == (N, 0), done["refusals"][:3]
        yield server, data


FILTERS = {
    "all": ({}, lambda s: True),
    "search by username": ({"search": "uSeR.0123"}, lambda s: "user.0123" in s["username"].lower()),
    "search by address": ({"search": "10.3.24"}, lambda s: "10.3.24" in s["ipAddress"]),
    "search by id": ({"search": "session-0042"}, lambda s: "session-0042" in s["id"]),
    "type": ({"type": "offline"}, lambda s: s["type"] == "offline"),
    "client": ({"client": "reports"}, lambda s: "reports" in s["clients"]),
    "type and client": ({"type": "offline", "client": "reports"}, lambda s: s["type"] == "offline" and "reports" in s["clients"]),
    "user by id": ({"user": "id-17"}, lambda s: s["userId"] == "id-17"),
    "user by name": ({"user": "user.00017"}, lambda s: s["userId"] == "id-17"),
    "in a network": ({"ip": "10.3.0.0/16"}, lambda s: inside(s, "10.3.0.0/16")),
    "in two networks": ({"ip": ["10.3.0.0/16", "2001:db8:7::/48"]}, lambda s: inside(s, "10.3.0.0/16") or inside(s, "2001:db8:7::/48")),
    "not in a network": ({"ipNot": "10.0.0.0/8"}, lambda s: not inside(s, "10.0.0.0/8")),
    "one user outside a network": ({"user": "id-17", "ipNot": "10.0.0.0/9"}, lambda s: s["userId"] == "id-17" and not inside(s, "10.0.0.0/9")),
    "started after": ({"startedAfter": stamp(NOW - timedelta(days=3))}, lambda s: s["started"] >= stamp(NOW - timedelta(days=3))),
    "started before": ({"startedBefore": stamp(NOW - timedelta(days=28))}, lambda s: s["started"] < stamp(NOW - timedelta(days=28))),
    "last access between": ({"lastAccessAfter": stamp(NOW - timedelta(days=5)), "lastAccessBefore": stamp(NOW - timedelta(days=4))},
                            lambda s: stamp(NOW - timedelta(days=5)) <= s["lastAccess"] < stamp(NOW - timedelta(days=4))),
    "remembered": ({"rememberMe": "true", "search": "user.1"}, lambda s: s["rememberMe"] and "user.1" in s["username"].lower()),
    "nothing": ({"search": "no such thing"}, lambda s: False),
}


def inside(session: dict, network: str) -> bool:
    address = session.setdefault("_ip", ipaddress.ip_address(session["ipAddress"]))
    net = NETWORKS.setdefault(network, ipaddress.ip_network(network))
    return address.version == net.version and address in net


NETWORKS: dict = {}
SORTS = {"started": lambda s: s["started"], "lastAccess": lambda s: s["lastAccess"], "username": lambda s: s["username"].lower(),
         "ipAddress": lambda s: (lambda a: (int(a) if a.version == 6 else (0xffff << 32) + int(a)))(
             s.setdefault("_ip", ipaddress.ip_address(s["ipAddress"])))}


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_gives_what_a_plain_model_gives(big, name):
    server, data = big
    params, model = FILTERS[name]
    expected = [s for s in data if model(s)]
    for sort, key in SORTS.items():
        for direction in ("", "-"):
            page = server.get("/api/v1/realms/production/sessions", params={**params, "sort": direction + sort, "limit": 40})
            assert page["total"] == len(expected), (name, sort)
            wanted = sorted((key(s) for s in expected), reverse=direction == "-")[:40]
            assert [key(dict(s)) for s in page["items"]] == wanted, (name, direction + sort)
            assert all(model(dict(s, clients=[c["clientId"] for c in s["clients"]])) for s in page["items"]), name


def test_offsets_and_cursors_reach_every_row_once(big):
    server, data = big
    params = {"type": "offline", "sort": "username", "limit": 500}
    walked = [s["id"] for s in server.sessions("production", **params)]
    assert sorted(walked) == sorted(s["id"] for s in data if s["type"] == "offline")
    for offset in (0, 1, 499, 500, len(walked) // 2, len(walked) - 1, len(walked)):
        page = server.get("/api/v1/realms/production/sessions", params={**params, "offset": offset, "limit": 7})
        assert [s["id"] for s in page["items"]] == walked[offset:offset + 7]
    middle = server.get("/api/v1/realms/production/sessions", params={**params, "offset": 1000, "limit": 10})
    before = server.get("/api/v1/realms/production/sessions", params={"cursor": middle["previous"], **{**params, "limit": 10}})
    assert [s["id"] for s in before["items"]] == walked[990:1000]


def test_users_clients_and_stats_count_exactly(big):
    server, data = big
    users = server.get("/api/v1/realms/production/users", params={"search": "USER.0001", "limit": 500})
    assert users["total"] == len({s["userId"] for s in data if "user.0001" in s["username"].lower()})
    clients = {c["clientId"]: c for c in server.get("/api/v1/realms/production/clients")["items"]}
    for client in CLIENTS:
        assert clients[client]["sessions"]["total"] == sum(client in s["clients"] for s in data), clients[client]
    stats = server.get("/api/v1/realms/production/stats")
    assert stats["sessions"]["total"] == N
    assert stats["sessions"]["offline"] == sum(s["type"] == "offline" for s in data)


def test_a_restart_takes_the_image_once(big):
    server, data = big
    image = server.data_dir / "index.image"
    params = {"sort": "username", "limit": 500}

    def sessions() -> tuple:
        # Without signals: after a start they are found by and by.
        page = server.get("/api/v1/realms/production/sessions", params=params)
        return page["total"], [(s["id"], s["type"], s["username"], s["ipAddress"], s["started"], s["lastAccess"], s["clients"])
                               for s in page["items"]]

    first = sessions()
    assert first[0] == N
    assert server.stop() == 0
    assert image.stat().st_mode & 0o777 == 0o600
    kept = image.read_bytes()
    server.start()
    assert server.wait_for_log("sessions loaded")["from"] == "image"
    assert not image.exists()
    assert sessions() == first
    server.realm("partners")
    server.put("partners", "after-the-image", "jane.doe", "203.0.113.7")
    assert server.call("DELETE", "/api/v1/realms/partners/sessions/regular/after-the-image").status_code < 300
    server.kill()
    image.write_bytes(kept)
    server.start()
    assert server.wait_for_log("index image not used")["problem"]
    assert server.wait_for_log("sessions loaded")["from"] == "ledger"
    assert not image.exists()
    assert sessions() == first


def test_ended_by_filter_with_a_progress_bar(big):
    server, data = big
    doomed = [s for s in data if inside(s, "10.0.0.0/9") and s["type"] == "regular"]
    done = server.cli("sessions", "revoke", "--realm", "production", "--ip", "10.0.0.0/9", "--type", "regular",
                      "--reason", "scale", "--yes", "--output", "json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["revoked"] == len(doomed) and result["failed"] == 0
    assert server.get("/api/v1/realms/production/sessions?limit=1")["total"] == N - len(doomed)
    assert server.get("/api/v1/realms/production/audit?action=session.ended&limit=1")["total"] == len(doomed)
    progress = server.call("GET", f"/api/v1/realms/production/revocations/{result['id']}/events", stream=True)
    assert progress.headers["Content-Type"].startswith("text/event-stream")
    assert "done" in next(progress.iter_content(4096)).decode()
    progress.close()
