"""HTTP under load: Curfew's calls beside nginx's static answers, in turns; what happens beyond capacity; the live stream."""
from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path

from servers import API_KEY, Curfew, Nginx

AUTHORIZED = {"Authorization": f"Bearer {API_KEY}"}

# wrk's own text is for people: this prints one JSON object. Each thread walks through the requests of a file.
SCRIPT = """
local requests = {}
function init(args)
  local method, path, body = wrk.method, nil, nil
  for line in io.lines(args[1]) do
    local m, p, b = line:match("^(%S+) (%S+) ?(.*)$")
    if b == "" then b = nil else b = b:gsub("\\\\n", "\\n") end
    requests[#requests + 1] = wrk.format(m, p, nil, b)
  end
end
local at = math.random(1, 1000)
function request()
  at = at + 1
  return requests[at % #requests + 1]
end
function done(summary, latency, _)
  io.write(string.format('{"requests":%d,"seconds":%.3f,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


class Load:
    def __init__(self, scratch: Path, curfew: Curfew, sessions: int, seconds: float, write):
        self.scratch, self.curfew, self.sessions, self.seconds, self.write = scratch, curfew, sessions, seconds, write
        self.script = scratch / "wrk.lua"
        self.script.write_text(SCRIPT)
        self.connection = http.client.HTTPConnection(curfew.address, timeout=60)

    def call(self, method: str, path: str, body: str | None = None, kind: str = "application/json") -> tuple[int, bytes]:
        self.connection.request(method, path, body, AUTHORIZED | ({"Content-Type": kind} if body is not None else {}))
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def wrk(self, address: str, requests: Path, connections: int, kind: str) -> dict:
        command = ["wrk", "-t", "2", "-c", str(connections), "-d", f"{self.seconds:.0f}s", "--timeout", "10s", "-s", str(self.script),
                   "-H", f"Authorization: Bearer {API_KEY}", "-H", f"Content-Type: {kind}", f"http://{address}/", "--", str(requests)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith('{"requests"')]
        if not lines:
            raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")
        return json.loads(lines[0])

    def requests_file(self, name: str, lines: list[str]) -> Path:
        path = self.scratch / f"{name}.requests"
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def run(self, rounds: int) -> None:
        status, page = self.call("GET", "/api/v1/realms/main/sessions?limit=25")
        assert status == 200, page
        nginx = Nginx(self.scratch, page)
        try:
            self._run(rounds, nginx)
        finally:
            nginx.stop()

    def _run(self, rounds: int, nginx: Nginx) -> None:
        rows = [row for offset in range(0, 2000, 500)
                for row in json.loads(self.call("GET", f"/api/v1/realms/main/sessions?limit=500&sort=username&offset={offset}")[1])["items"]]
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 5))
        touches = ["".join(json.dumps({"op": "touch", "type": r["type"], "id": r["id"], "at": now}) + "\\n" for r in rows[i:i + 100])
                   for i in range(0, len(rows), 100)]
        form, lines, text = "application/x-www-form-urlencoded", "application/x-ndjson", "text/plain"
        realm = "/api/v1/realms/main"
        check = self.requests_file("check", [f"GET {realm}/check?type={r['type']}&id={r['id']}" for r in rows])
        nothing = self.requests_file("204", [f"GET /204?type={r['type']}&id={r['id']}" for r in rows])
        listing = self.requests_file("list", [f"GET {realm}/sessions?limit=25"])
        static = self.requests_file("page", ["GET /page.json"])
        introspect = self.requests_file("introspect", [f"POST {realm}/introspect type={r['type']}&sid={r['id']}" for r in rows])
        ingest = self.requests_file("ingest", [f"POST {realm}/ingest {body}" for body in touches])
        turns = []
        for connections in (64, 1000):
            turns += [("nginx 204", nginx.address, nothing, connections, text), ("check", self.curfew.address, check, connections, text),
                      ("introspect", self.curfew.address, introspect, connections, form),
                      ("nginx page", nginx.address, static, connections, text), ("list", self.curfew.address, listing, connections, text),
                      ("ingest of 100 touches", self.curfew.address, ingest, connections, lines)]
        results: dict[tuple[str, int], list[dict]] = {}
        memory: dict[tuple[str, int], int] = {}
        for _ in range(rounds):
            for name, address, requests, connections, kind in turns:
                result = self.wrk(address, requests, connections, kind)
                results.setdefault((name, connections), []).append(result)
                memory[name, connections] = max(memory.get((name, connections), 0), self.curfew.memory())
        for (name, connections), each in results.items():
            middle = lambda key: statistics.median(r[key] for r in each)  # noqa: E731
            rate = statistics.median(r["requests"] / r["seconds"] for r in each)
            self.write({"measure": f"http {name}", "system": "nginx" if name.startswith("nginx") else "Curfew HTTP",
                        "connections": connections, "rate": round(rate), "p50_us": middle("p50_us"), "p99_us": middle("p99_us"),
                        "refused": sum(r["refused"] for r in each), "broken": sum(r["broken"] for r in each),
                        "resident_mb": memory[name, connections] // 2**20})

    def overload(self) -> None:
        """A server with small limits, far beyond them: what it answers, what it holds, and that it recovers."""
        server = Curfew(self.scratch, "small", CURFEW_SERVER_MAX_CONNECTIONS="200", CURFEW_ENGINE_QUEUE="5000")
        try:
            self._too_many_connections(server)
            self._too_many_writes(server)
        finally:
            server.stop()

    def _too_many_connections(self, server: Curfew) -> None:
        host, port = server.address.split(":")
        before = server.memory()
        held, refused, retry_after = [], 0, 0
        for _ in range(400):
            one = socket.create_connection((host, int(port)), 10)
            one.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            one.settimeout(10)
            try:
                answer = one.recv(4096)
            except ConnectionError:
                answer = b""
            if answer.startswith(b"HTTP/1.1 200"):
                held.append(one)
                continue
            refused += answer.startswith(b"HTTP/1.1 503")
            retry_after += b"\r\nretry-after:" in answer.lower()
            one.close()
        during = server.memory()
        for one in held:
            one.close()
        time.sleep(0.5)
        again = http.client.HTTPConnection(server.address, timeout=10)
        again.request("GET", "/livez")
        self.write({"measure": "overload: connections", "system": "Curfew HTTP", "limit": 200, "tried": 400, "served": len(held),
                    "answered_503": refused, "retry_after": retry_after, "grown_mb": (during - before) // 2**20,
                    "recovered": again.getresponse().status == 200})

    def _too_many_writes(self, server: Curfew) -> None:
        own = http.client.HTTPConnection(server.address, timeout=60)

        def call(connection, path: str, body: str, kind: str = "application/json"):
            connection.request("POST", path, body, AUTHORIZED | {"Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Retry-After"), answer.read()

        made = call(own, "/api/v1/realms", json.dumps({"name": "main", "displayName": "main"}))
        assert made[0] == 201, made
        before, peak, counts = server.memory(), 0, {}
        lock = threading.Lock()

        def writer(number: int) -> None:
            nonlocal peak
            connection = http.client.HTTPConnection(server.address, timeout=60)
            for i in range(5):
                body = "".join(json.dumps({"op": "start", "type": "regular", "id": f"{number}-{i}-{j}", "userId": f"u{j}", "username": f"n{j}",
                                           "ipAddress": "192.0.2.1"}) + "\n" for j in range(2000))
                status, retry_after, _ = call(connection, "/api/v1/realms/main/ingest", body, "application/x-ndjson")
                with lock:
                    key = f"{status}{' with Retry-After' if retry_after else ''}"
                    counts[key] = counts.get(key, 0) + 1
                    peak = max(peak, server.memory())

        threads = [threading.Thread(target=writer, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(0.5)
        body = json.dumps({"op": "start", "type": "regular", "id": "after", "userId": "u", "username": "n", "ipAddress": "192.0.2.1"}) + "\n"
        status = call(own, "/api/v1/realms/main/ingest", body, "application/x-ndjson")[0]
        self.write({"measure": "overload: writes", "system": "Curfew HTTP", "queue": 5000, "writers": 32, "answers": counts,
                    "grown_mb": (peak - before) // 2**20, "recovered": status == 200})

    def stream(self, program: Path, seconds: float) -> None:
        for subscribers, rate, encoding in ((1000, 100, "gzip"), (1000, 1000, "gzip"), (1000, 10_000, "gzip"), (1000, 10_000, "identity"),
                                            (10, 10_000, "gzip")):
            before = self.curfew.memory()
            done = subprocess.run([program, "--curfew", self.curfew.address, "--api-key", API_KEY, "--sessions", str(self.sessions),
                                   "--subscribers", str(subscribers), "--rate", str(rate), "--seconds", str(seconds), "--encoding", encoding],
                                  capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{program.name}: {done.stderr}")
            self.write({"measure": "live stream", "system": "Curfew HTTP", **json.loads(done.stdout),
                        "grown_mb": (self.curfew.memory() - before) // 2**20})


def calm() -> str:
    """How busy the machine is with other things, for the record."""
    return f"{os.getloadavg()[0]:.1f}"
