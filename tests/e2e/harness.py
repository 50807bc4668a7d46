"""A real server in a scratch directory, its API and its command line, for the tests from outside."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("CURFEW_BINARY", ROOT / "build" / "release" / "curfew"))
API_KEY = "cfk_test-bootstrap-key-0123456789abcdefghijklmnop"
ADMIN_PASSWORD = "correct horse battery"
START_LIMIT_S = 60


class Server:
    """`curfew serve` as a child process. Use as a context manager, or start() and stop()."""

    def __init__(self, data_dir: Path, *, env: dict[str, str] | None = None, args: list[str] | None = None):
        self.data_dir = Path(data_dir)
        self.env = {"CURFEW_BOOTSTRAP_API_KEY": API_KEY, "CURFEW_BOOTSTRAP_ADMIN_PASSWORD": ADMIN_PASSWORD, **(env or {})}
        self.args = args or []
        self.process: subprocess.Popen | None = None
        self.url = ""
        self.log: list[dict] = []
        self.output = ""
        self._lines = threading.Condition()

    # --- life ------------------------------------------------------------------------------------------------------------
    def start(self) -> "Server":
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CURFEW_")} | self.env
        self.log, self.output = [], ""
        self.process = subprocess.Popen(
            [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(self.data_dir), *self.args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)
        threading.Thread(target=self._read_log, args=(self.process, self.log), daemon=True).start()
        threading.Thread(target=self._read_output, args=(self.process,), daemon=True).start()
        listening = self.wait_for_log("listening", START_LIMIT_S)
        self.url = listening["address"]
        return self

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        code = self.process.wait(timeout=60)
        self.process = None
        return code

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_log(self, process: subprocess.Popen, log: list[dict]) -> None:
        for line in process.stderr:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": "text", "text": line.rstrip()}
            with self._lines:
                log.append(entry)
                self._lines.notify_all()
        with self._lines:
            log.append({"event": "end of log"})
            self._lines.notify_all()

    def _read_output(self, process: subprocess.Popen) -> None:
        for line in process.stdout:
            with self._lines:
                self.output += line
                self._lines.notify_all()

    def wait_for_output(self, text: str, limit_s: float = 20) -> None:
        with self._lines:
            assert self._lines.wait_for(lambda: text in self.output, timeout=limit_s), self.output

    def wait_for_log(self, event: str, limit_s: float = 20) -> dict:
        deadline = time.monotonic() + limit_s
        with self._lines:
            while True:
                for entry in self.log:
                    if entry["event"] == event:
                        return entry
                if any(e["event"] == "end of log" for e in self.log) or time.monotonic() > deadline:
                    raise AssertionError(f"no log entry {event!r}; the log is {self.log[-20:]}")
                self._lines.wait(timeout=1)

    # --- API -------------------------------------------------------------------------------------------------------------
    def call(self, method: str, path: str, *, key: str | None = API_KEY, **kwargs) -> requests.Response:
        headers = dict(kwargs.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        kwargs.setdefault("timeout", 60)
        return requests.request(method, self.url + path, headers=headers, **kwargs)

    def get(self, path: str, **kwargs):
        response = self.call("GET", path, **kwargs)
        assert response.status_code == 200, (path, response.status_code, response.text)
        return response.json()

    def realm(self, name: str, display_name: str | None = None, **policy) -> None:
        body = {"name": name, "displayName": display_name or name.capitalize()}
        if policy:
            body["policy"] = policy
        response = self.call("POST", "/api/v1/realms", json=body)
        assert response.status_code == 201, response.text

    def put(self, realm: str, session_id: str, username: str, ip: str, *, kind: str = "regular", **fields) -> requests.Response:
        body = {"userId": f"u-{username}", "username": username, "ipAddress": ip, **fields}
        return self.call("PUT", f"/api/v1/realms/{realm}/sessions/{kind}/{session_id}", json=body)

    def ingest(self, realm: str, operations, **kwargs) -> dict:
        body = "".join(json.dumps(o) + "\n" for o in operations)
        response = self.call("POST", f"/api/v1/realms/{realm}/ingest", data=body.encode(),
                             headers={"Content-Type": "application/x-ndjson"}, **kwargs)
        assert response.status_code == 200, response.text
        return response.json()

    def sessions(self, realm: str, **params) -> list[dict]:
        """Every session that matches, by following the cursors; checks the total on the way."""
        items, cursor = [], None
        while True:
            page = self.get(f"/api/v1/realms/{realm}/sessions",
                            params={"limit": 500, **params, **({"cursor": cursor} if cursor else {})})
            items += page["items"]
            cursor = page["next"]
            if not cursor:
                assert len(items) == page["total"]
                return items

    def revoke(self, realm: str, body: dict, **kwargs) -> dict:
        """Runs a revocation to its end, whatever way it is answered."""
        response = self.call("POST", f"/api/v1/realms/{realm}/revocations", json=body, **kwargs)
        assert response.status_code in (200, 202), response.text
        result = response.json()
        location = response.headers.get("Location")
        deadline = time.monotonic() + 120
        while result["state"] == "running":
            assert time.monotonic() < deadline
            result = self.get(location)
        return result

    def audit(self, realm: str, **params) -> list[dict]:
        items, cursor = [], None
        while True:
            page = self.get(f"/api/v1/realms/{realm}/audit",
                            params={"limit": 500, **params, **({"cursor": cursor} if cursor else {})})
            items += page["items"]
            cursor = page["next"]
            if not cursor:
                assert len(items) == page["total"]
                return items

    # --- command line ----------------------------------------------------------------------------------------------------
    def cli(self, *args: str, key: str = API_KEY, input: str | None = None, env: dict | None = None) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CURFEW_")}
        environment |= {"CURFEW_SERVER": self.url, "CURFEW_API_KEY": key, "HOME": str(self.data_dir), "NO_COLOR": "1", **(env or {})}
        return subprocess.run([str(BINARY), *args], capture_output=True, text=True, timeout=120, env=environment,
                              input=input, stdin=None if input is not None else subprocess.DEVNULL)

    def cli_json(self, *args: str) -> object:
        done = self.cli(*args, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def run_binary(*args: str, env: dict | None = None, timeout: float = 60) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CURFEW_")} | (env or {})
    return subprocess.run([str(BINARY), *args], capture_output=True, text=True, timeout=timeout, env=environment,
                          stdin=subprocess.DEVNULL)


def problem(response: requests.Response, status: int, code: str | None = None, field: str | None = None) -> dict:
    """The answer is a problem document of that kind."""
    assert response.status_code == status, (response.status_code, response.text)
    assert response.headers["Content-Type"].startswith("application/problem+json"), response.headers
    body = response.json()
    assert body["status"] == status and re.fullmatch(r"[a-z_]+", body["code"]), body
    if code:
        assert body["code"] == code, body
    if field:
        assert body.get("field") == field, body
    return body
