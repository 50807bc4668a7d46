"""The servers that the benchmarks measure, each on the loopback or a socket in a scratch directory, tuned, stopped at the end."""
from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
API_KEY = "cfk_benchmark-key-0123456789abcdefghijklmnopqrstu"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ready, what: str, limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not start within {limit_s:.0f} s")
        time.sleep(0.02)


def unprivileged(name: str) -> dict:
    """For Popen: another user, where we are root and the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam(name)
    except KeyError:
        name = "nobody"
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


class Process:
    """A child that is stopped by its own signal, and killed if that does not help."""

    def __init__(self, command: list[str], log: Path, *, stop_signal: int = signal.SIGTERM, **more):
        self.stop_signal = stop_signal
        self.log = log
        with log.open("wb") as output:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **more)

    @property
    def pid(self) -> int:
        return self.child.pid

    def alive(self) -> bool:
        if self.child.poll() is not None:
            raise SystemExit(f"{self.child.args[0]} ended with {self.child.returncode}: {self.log.read_text(errors='replace')[-2000:]}")
        return True

    def stop(self) -> None:
        if self.child.poll() is None:
            self.child.send_signal(self.stop_signal)
            try:
                self.child.wait(timeout=120)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Curfew(Process):
    def __init__(self, scratch: Path, name: str = "curfew", **settings: str):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CURFEW_")}
        environment |= {"CURFEW_BOOTSTRAP_API_KEY": API_KEY, "CURFEW_BOOTSTRAP_ADMIN_PASSWORD": "benchmark password"} | settings
        binary = os.environ.get("CURFEW_BINARY") or str(ROOT / "build" / "release" / "curfew")
        super().__init__([binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(scratch / name)],
                         scratch / f"{name}.log", env=environment)
        self.address = ""
        wait_until(lambda: self.alive() and self._listening(), "curfew", 600)

    def events(self) -> list[dict]:
        entries = []
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                try:
                    entries.append(json.loads(line))
                except ValueError:
                    continue  # half written
        return entries

    def _listening(self) -> bool:
        for entry in self.events():
            if entry["event"] == "listening":
                self.address = entry["address"].removeprefix("http://")
        return bool(self.address)

    def memory(self, field: str = "VmRSS") -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        return 0


class Postgres(Process):
    """15, with the memory that the population needs; each commit is durable unless a session says otherwise."""

    def __init__(self, scratch: Path, sessions: int):
        programs = Path("/usr/lib/postgresql/15/bin")
        data, sockets = scratch / "postgres", scratch / "sockets"
        user = unprivileged("postgres")
        for directory in (data, sockets):
            directory.mkdir(mode=0o700)
            if user:
                shutil.chown(directory, user["user"], user["group"])
        subprocess.run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8"], check=True,
                       stdout=subprocess.DEVNULL, cwd="/", **user)
        shared = max(256, min(8192, sessions * 700 // 2**20))
        settings = {
            "listen_addresses": "''", "unix_socket_directories": f"'{sockets}'", "shared_buffers": f"{shared}MB",
            "effective_cache_size": f"{shared * 2}MB", "work_mem": "64MB", "maintenance_work_mem": "512MB", "random_page_cost": "1.1",
            "effective_io_concurrency": "64", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "wal_buffers": "16MB", "jit": "off",
            "max_parallel_workers_per_gather": "2", "fsync": "on", "synchronous_commit": "on", "autovacuum_naptime": "10s",
        }
        (data / "postgresql.auto.conf").write_text("".join(f"{k} = {v}\n" for k, v in settings.items()))
        super().__init__([str(programs / "postgres"), "-D", str(data)], scratch / "postgres.log", stop_signal=signal.SIGINT, cwd="/", **user)
        self.connection = f"host={sockets} user=postgres dbname=postgres"
        wait_until(lambda: self.alive() and subprocess.run([programs / "pg_isready", "-q", "-h", sockets], check=False).returncode == 0,
                   "PostgreSQL")


class Redis(Process):
    """7, with its log synced each second; the driver asks for more before durable writes."""

    def __init__(self, scratch: Path):
        self.socket = str(scratch / "redis.sock")
        super().__init__(["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", str(scratch), "--save", "",
                          "--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"],
                         scratch / "redis.log")
        wait_until(lambda: self.alive() and Path(self.socket).exists(), "Redis")


class Nginx(Process):
    """Static answers: 204, and a file as long as Curfew's page. The measure of what HTTP costs on this machine."""

    def __init__(self, scratch: Path, page: bytes):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        files = scratch / "static"
        files.mkdir()
        (files / "page.json").write_bytes(page)
        configuration = scratch / "nginx.conf"
        user = f"user {unprivileged('www-data')['user']};" if os.geteuid() == 0 else ""
        configuration.write_text(f"""
daemon off; {user} worker_processes auto; pid {scratch}/nginx.pid; error_log {scratch}/nginx-errors.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; types {{ application/json json; }}
  client_body_temp_path {scratch}/nginx-body; proxy_temp_path {scratch}/nginx-proxy; fastcgi_temp_path {scratch}/nginx-fastcgi;
  uwsgi_temp_path {scratch}/nginx-uwsgi; scgi_temp_path {scratch}/nginx-scgi;
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096; root {files};
    location = /204 {{ return 204; }}
  }}
}}
""")
        super().__init__(["/usr/sbin/nginx", "-p", str(scratch), "-c", str(configuration)], scratch / "nginx.log", stop_signal=signal.SIGQUIT)

        def answers() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        wait_until(lambda: self.alive() and answers(), "nginx")
