"""People of the office at the admin desk, for tests: somebody with a role, and a browser they sign in with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.builders import execute, rows
from tests.work import work
from ussd_app.app import create_app
from ussd_app.runtime import Runtime

PASSWORD = "seekor kucing oranye"
# Quick to check, unlike those of the service: a hash says itself how slow it is.
HASHED = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def an_admin(rt: Runtime, role: str = "owner", email: str = "", *, name: str = "Budi Santoso") -> str:
    """Somebody who may enter the desk; their e-mail."""
    email = email or f"{role}@kantor.id"
    execute(
        rt,
        "INSERT INTO admins (email, name, role, password_hash, created_at) VALUES (:email, :name, :role, :hash, now())",
        email=email,
        name=name,
        role=role,
        hash=HASHED,
    )
    return email


class Desk:
    """The desk in a browser: it fills forms as a browser does, the hidden token included."""

    def __init__(self, rt: Runtime, **environ: str) -> None:
        self.client: FlaskClient = create_app(rt).test_client()
        self.environ = environ

    def get(self, page: str) -> TestResponse:
        """Open a page."""
        return self.client.get(f"/admin{page}", environ_base=self.environ)

    def token(self, page: str = "/sign-in") -> str:
        """The hidden token of the forms on a page."""
        response = self.get(page)
        found = TOKEN.search(self.get("/").text if response.status_code == 302 else response.text)
        assert found, f"no form on {page}: {response.status_code}"
        return found[1]

    def post(self, page: str, fields: Mapping[str, object] | None = None, *, on: str = "/sign-in") -> TestResponse:
        """Send a form that stands on the page `on`."""
        data = {"csrf_token": self.token(on), **(fields or {})}
        return self.client.post(f"/admin{page}", data=data, environ_base=self.environ)

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Give e-mail and password."""
        return self.post("/sign-in", {"email": email, "password": password})

    def upload(self, content: bytes, **fields: object) -> TestResponse:
        """Upload a sponsor's list."""
        told = {"phone": "081111111111", "name": "PT Maju", "kind": "company", "language": "id", **fields}
        return self.post("/rosters/new", {**told, "file": (BytesIO(content), "orang.csv")}, on="/rosters/new")

    def start(self, draft: str) -> TestResponse:
        """Set an uploaded list going at the price its page shows."""
        shown = re.search(r'name="total" value="(\d+)"', self.get(draft).text)
        assert shown, "this file cannot be started"
        return self.post(f"{draft}/start", {"total": shown[1]}, on=draft)

    def started(self, rt: Runtime, content: bytes) -> str:
        """Upload a list and have it set going and worked through; the roster's page."""
        draft = page_of(self.upload(content))
        self.start(draft)
        work(rt)
        return page_of(self.get(draft))


def page_of(response: TestResponse) -> str:
    """The page of the desk that an answer leads to."""
    return response.headers["Location"].removeprefix("/admin")


def signed_in(rt: Runtime, role: str = "owner", email: str = "") -> Desk:
    """A browser in which somebody new with this role is signed in."""
    desk = Desk(rt)
    response = desk.sign_in(an_admin(rt, role, email))
    assert response.status_code == 302, response.text
    return desk


def noted(rt: Runtime, kind: str) -> list[str]:
    """Who did a thing of this kind, and to what, as the audit log has it."""
    found = rows(rt, "SELECT by_whom, what FROM audit_log WHERE kind = :kind ORDER BY id", kind=kind)
    return [f"{row['by_whom']}: {row['what']}" for row in found]
