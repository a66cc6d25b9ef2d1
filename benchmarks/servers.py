"""Which WSGI server costs least for one key pressed: a bare Flask turn with two Redis round trips under each.

`python -m benchmarks.servers`. gunicorn and waitress take part where they are installed; we do not need them.
Wall time on a shared machine says little, so the CPU time that a server uses for a request decides: the
least of several rounds, in which the servers take turns.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import socket
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import redis
from flask import Flask, Response, request

from ussd_app.engines import Engines
from ussd_app.process import processes
from ussd_app.supervisor import Process, Supervisor

CLIENTS, ROUNDS, REQUESTS, LONGEST = 4, 3, 1000, 7.0  # a server: three rounds of at most seven seconds
BODY = urlencode({"sessionId": "ATUid_1", "phoneNumber": "+6281234567890", "text": "1*2*3"})
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}

# One process each. The arguments after `python -m`; {port} is filled in.
SERVERS = {
    "granian, 16 threads": (
        "granian --interface wsgi --factory benchmarks.servers:app --port {port} --workers 1"
        " --blocking-threads 16 --http 1 --no-ws --log-level error"
    ),
    "gunicorn sync": "gunicorn -w 1 -b 127.0.0.1:{port} --log-level error benchmarks.servers:app()",
    "gunicorn gthread, 16 threads": (
        "gunicorn -w 1 -k gthread --threads 16 -b 127.0.0.1:{port} --log-level error benchmarks.servers:app()"
    ),
    "waitress, 16 threads": "waitress --threads=16 --listen=127.0.0.1:{port} --call benchmarks.servers:app",
}


def app() -> Flask:
    """The floor: what no callback of ours can cost less than."""
    flask, store = Flask("floor"), redis.Redis.from_url(os.environ["REDIS_URL"])

    @flask.post("/turn")
    def turn() -> Response:
        key = request.form["sessionId"]
        store.get(key)
        store.set(key, request.form["text"])
        return Response(b"CON Halo", content_type="text/plain; charset=utf-8")

    return flask


@dataclass(frozen=True)
class Measured:
    """One server under the load: how it did."""

    name: str
    requests: int
    seconds: float
    cpu_seconds: float
    latencies: list[float]

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / self.requests * 1e6

    def percentile(self, share: float) -> float:
        return sorted(self.latencies)[int(share * (len(self.latencies) - 1))] * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, Engines(Path(directory), postgres=False) as engines:
        installed = [name for name, arguments in SERVERS.items() if importlib.util.find_spec(arguments.split()[0])]
        rounds = [[measure(name, engines.redis_url) for name in installed] for _ in range(ROUNDS)]
    measured = [min(tries, key=lambda one: one.cpu_us) for tries in zip(*rounds, strict=True)]
    slowest = max(measured, key=lambda one: one.cpu_us)
    print(f"{'server':30}{'CPU µs/request':>16}{'of slowest':>12}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}")
    for one in sorted(measured, key=lambda one: one.cpu_us):
        ratio, rate = one.cpu_us / slowest.cpu_us, one.requests / one.seconds
        latency = f"{one.percentile(0.5):9.2f}{one.percentile(0.99):9.2f}"
        print(f"{one.name:30}{one.cpu_us:16.0f}{ratio:12.2f}{rate:12.0f}{latency}")
    for name in SERVERS.keys() - set(installed):
        print(f"{name:30}{'not installed':>16}")


def measure(name: str, redis_url: str) -> Measured:
    port = free_port()
    supervisor = Supervisor(lambda line: print(line, file=sys.stderr))
    argv = [sys.executable, "-m", *SERVERS[name].format(port=port).split()]
    env = {**os.environ, "REDIS_URL": redis_url}
    server = Process(name, argv, env, ready=lambda: answers(port), log=Path(os.devnull))
    try:
        supervisor.start(server, timeout=20.0)
        with ProcessPoolExecutor(CLIENTS) as pool:
            load(pool, port, REQUESTS // 10)  # threads, connections and caches come up outside the measure
            cpu, began = cpu_of(server.pid), time.perf_counter()
            latencies = load(pool, port, REQUESTS)
            seconds, used = time.perf_counter() - began, cpu_of(server.pid) - cpu
    finally:
        supervisor.stop()
    return Measured(name, len(latencies), seconds, used, latencies)


def load(pool: ProcessPoolExecutor, port: int, requests: int) -> list[float]:
    shares = [pool.submit(client, port, requests // CLIENTS) for _ in range(CLIENTS)]
    return [latency for share in shares for latency in share.result()]


def client(port: int, requests: int) -> list[float]:
    """One caller on a connection that it keeps where the server lets it; how long each answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    deadline, latencies = time.monotonic() + LONGEST, list[float]()
    while len(latencies) < requests and time.monotonic() < deadline:
        began = time.perf_counter()
        connection.request("POST", "/turn", BODY, HEADERS)
        response = connection.getresponse()
        assert response.read() == b"CON Halo"
        latencies.append(time.perf_counter() - began)
    connection.close()
    return latencies


def answers(port: int) -> bool:
    try:
        return client(port, 1) != []
    except (OSError, http.client.HTTPException):
        return False


def cpu_of(pid: int) -> float:
    """The CPU seconds that a process and its children have used so far."""
    table = processes()
    family = {pid} | {child for child, (parent, _session) in table.items() if parent == pid}
    fields = [Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split() for member in family]
    ticks = sum(int(stat[11]) + int(stat[12]) for stat in fields)
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
