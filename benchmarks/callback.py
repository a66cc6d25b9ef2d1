"""What one turn costs, against a bare Flask view with two Redis round trips measured in the same run.

CPU time of this process a request, over WSGI and without a network server, so that the callback's own path is
seen. The kinds of turn are measured in turn, several rounds, and the best round of each counts: noise only adds.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

from cryptography.fernet import Fernet
from flask import Flask
from werkzeug.test import EnvironBuilder

from ussd_app import logs, runtime
from ussd_app.app import create_app
from ussd_app.engines import Engines
from ussd_app.services import publishing
from ussd_app.settings import Settings
from ussd_app.storage import database
from ussd_app.storage.redis import Connections

ROUNDS = 5
REQUESTS = 400
MENUS = Path(__file__).parent.parent / "menus"
Request = Callable[[], None]


def main() -> None:
    """Print each kind of turn as a ratio to the floor."""
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory() as folder, Engines(Path(folder)) as engines:
        settings = Settings(
            database_url=engines.database_url,
            redis_url=engines.redis_url,
            secret_key="a secret of the benchmark",
            data_keys=Fernet.generate_key().decode(),
            callback_token="local",
            sertakan_local=True,
        )
        rt = runtime.build(settings)
        database.migrate(rt.db)
        publishing.import_folder(rt, MENUS)
        app = create_app(rt)
        kinds = {
            "floor": _floor(engines.redis_url),
            "dial": _dials(app),
            "answer": _answers(app),
            "retry": _retries(app),
        }
        best = dict.fromkeys(kinds, float("inf"))
        for _ in range(ROUNDS):
            for name, request in kinds.items():
                best[name] = min(best[name], _microseconds(request))
    for name, cost in best.items():
        print(f"{name:8} {cost:7.0f} µs CPU a request   {cost / best['floor']:5.2f} x the floor")


def _microseconds(request: Request) -> float:
    started = time.process_time()
    for _ in range(REQUESTS):
        request()
    return (time.process_time() - started) / REQUESTS * 1e6


def _floor(redis_url: str) -> Request:
    app, connections = Flask("floor"), Connections(redis_url)

    @app.post("/")
    def view() -> str:
        client = connections.get()
        client.set("floor", "x" * 600)
        client.get("floor")
        return "CON floor"

    return lambda: _post(app, "/", {"text": "1"})


def _dials(app: Flask) -> Request:
    numbers = itertools.count()
    return lambda: _turn(app, f"dial{next(numbers)}", "")


def _answers(app: Flask) -> Request:
    """A session in which somebody goes to the benefits and back, over and over: no fact, no effect."""

    def endless() -> Iterator[None]:
        for number in itertools.count():
            text = ""
            _turn(app, f"answers{number}", text)
            for step in range(60):
                text = f"{text}*2" if text else "2"
                if step % 2:
                    text = text[:-1] + "0"
                _turn(app, f"answers{number}", text)
                yield

    turns = endless()
    return lambda: next(turns)


def _retries(app: Flask) -> Request:
    _turn(app, "retries", "")
    return lambda: _turn(app, "retries", "")


def _turn(app: Flask, session: str, text: str) -> None:
    form = {"sessionId": session, "phoneNumber": "+6281234567890", "serviceCode": "*777#", "text": text}
    _post(app, "/callbacks/africastalking/local/ussd", form)


def _post(app: Flask, path: str, form: dict[str, str]) -> None:
    environ = EnvironBuilder(
        path, method="POST", data=urlencode(form), content_type="application/x-www-form-urlencoded"
    ).get_environ()
    body = b"".join(app(environ, lambda *_: lambda _data: None))
    assert body.startswith(b"CON"), body


if __name__ == "__main__":
    main()
