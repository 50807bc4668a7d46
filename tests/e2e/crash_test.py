"""kill -9 at random moments: nothing acknowledged is lost, nothing ended returns, the audit log verifies."""
import json
import random
import threading
import time

import requests

from harness import API_KEY, Server, run_binary

ROUNDS = 6


class Writer(threading.Thread):
    """Starts and ends sessions as fast as it can, and remembers what was acknowledged."""

    def __init__(self, server: Server, name: str, seed: int):
        super().__init__(daemon=True)
        self.server, self.prefix, self.random = server, name, random.Random(seed)
        self.started: set[str] = set()
        self.ended: set[str] = set()
        self.unsure: set[str] = set()  # asked, not answered
        self.acknowledged = 0
        self.n = 0

    def run(self) -> None:
        http = requests.Session()
        http.headers["Authorization"] = f"Bearer {API_KEY}"
        base = self.server.url + "/api/v1/realms/production"
        try:
            while True:
                ids = [f"{self.prefix}-{self.n + i}" for i in range(self.random.randint(1, 20))]
                self.n += len(ids)
                self.unsure = set(ids)
                lines = "".join(json.dumps({"op": "start", "type": "regular", "id": i, "userId": "u", "username": "u",
                                            "ipAddress": "203.0.113.7"}) + "\n" for i in ids)
                answer = http.post(base + "/ingest", data=lines, headers={"Content-Type": "application/x-ndjson"}, timeout=30)
                assert answer.json()["accepted"] == len(ids), answer.text
                self.started |= set(ids)
                self.unsure = set()
                victims = self.random.sample(sorted(self.started), min(len(self.started), self.random.randint(1, 10)))
                self.unsure = set(victims)
                answer = http.post(base + "/revocations", timeout=30,
                                   json={"sessions": [{"type": "regular", "id": v} for v in victims], "reason": "crash test"})
                if answer.status_code == 200 and answer.json()["state"] == "done":
                    self.ended |= set(victims)
                    self.started -= set(victims)
                    self.unsure = set()
                self.acknowledged += 1
        except (requests.RequestException, ValueError):
            pass  # the server is gone: that is the test


def test_kill_at_random_points_loses_nothing_acknowledged(tmp_path):
    seed = 20260301
    dice = random.Random(seed)
    server = Server(tmp_path / "data").start()
    server.realm("production")
    live: set[str] = set()
    ended: set[str] = set()
    try:
        for round_number in range(ROUNDS):
            writers = [Writer(server, f"r{round_number}w{i}", seed + 100 * round_number + i) for i in range(3)]
            for writer in writers:
                writer.start()
            # The moment of the kill is a number of acknowledged rounds, so that there is always something to lose.
            target = dice.randint(3, 40)
            deadline = time.monotonic() + 60
            while sum(w.acknowledged for w in writers) < target:
                assert time.monotonic() < deadline, f"seed {seed}: no progress"
                time.sleep(0.001)
            server.kill()
            for writer in writers:
                writer.join(timeout=30)
            server.start()

            # A revocation that the kill interrupted goes on by itself.
            running = server.get("/api/v1/realms/production/revocations")["items"]
            deadline = time.monotonic() + 30
            while any(r["state"] == "running" for r in running):
                assert time.monotonic() < deadline, running
                running = server.get("/api/v1/realms/production/revocations")["items"]
            now = {s["id"] for s in server.sessions("production")}
            unsure = set().union(*(w.unsure for w in writers))
            for writer in writers:
                live |= writer.started - writer.unsure
                ended |= writer.ended
            assert not (ended & now), f"seed {seed}, round {round_number}: ended sessions came back: {sorted(ended & now)[:5]}"
            assert live - now <= unsure, f"seed {seed}, round {round_number}: lost {sorted(live - now - unsure)[:5]}"
            assert now - live <= unsure, f"seed {seed}, round {round_number}: unknown {sorted(now - live - unsure)[:5]}"
            # What was asked and not answered has happened whole or not at all; from here on it is known.
            settled = unsure | live
            live = now
            ended |= settled - now
            verified = server.call("POST", "/api/v1/realms/-/audit/verify").json()
            assert verified["ok"] is True, verified
            audited = {r["session"]["id"] for r in server.audit("production", action="session.ended")}
            for writer in writers:
                assert writer.ended <= audited, f"seed {seed}: an end without its record"
    finally:
        server.stop()
    checked = run_binary("check-data", str(tmp_path / "data"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_long_revocation_is_finished_after_a_crash(tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        server.realm("production")
        count = 60_000
        for begin in range(0, count, 10_000):
            server.ingest("production", ({"op": "start", "type": "regular", "id": f"s{i}", "userId": f"u{i % 900}",
                                          "username": f"user{i % 900}", "ipAddress": f"10.1.{i % 200}.{i % 250}"}
                                         for i in range(begin, begin + 10_000)))
        asked = threading.Thread(target=lambda: server_gone(server), daemon=True)
        asked.start()
        deadline = time.monotonic() + 60
        while True:  # as soon as it has begun
            left = server.get("/api/v1/realms/production/sessions?limit=1")["total"]
            if left < count:
                break
            assert time.monotonic() < deadline
        server.kill()
        asked.join(timeout=30)
        server.start()
        items = server.get("/api/v1/realms/production/revocations")["items"]
        assert len(items) == 1
        deadline = time.monotonic() + 60
        while items[0]["state"] == "running":
            assert time.monotonic() < deadline
            items = server.get("/api/v1/realms/production/revocations")["items"]
        assert (items[0]["state"], items[0]["revoked"], items[0]["failed"]) == ("done", count, 0), items[0]
        assert server.get("/api/v1/realms/production/sessions?limit=1")["total"] == 0
        page = server.get("/api/v1/realms/production/audit?action=session.ended&limit=1")
        assert page["total"] == count, "each once"
    finally:
        server.stop()


def server_gone(server: Server) -> None:
    try:
        server.call("POST", "/api/v1/realms/production/revocations", json={"all": True, "reason": "crash"})
    except requests.RequestException:
        pass
