"""Sessions of the desk stay on the server; a browser holds only a random name for its own."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, request, session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import SQLAlchemyError

from ussd_app.runtime import Runtime
from ussd_app.storage import sessions
from ussd_app.storage.sessions import Session

COOKIE = "sertakan_desk"
# Whoever does nothing for so long, or signed in so long ago, has to sign in again.
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
# `seen_at` is written at most so often.
SEEN = timedelta(minutes=1)
_LONGEST_AGENT = 200
_AT_HOME = ("localhost", "127.0.0.1", "[::1]")
# As Flask-Login names it.
WHO = "_user_id"


class Visit(dict[str, Any], SessionMixin):
    """What is kept of a browser between two requests. `token` is the cookie, `row` what the database has of it."""

    def __init__(self, values: Mapping[str, Any], token: str = "", row: Session | None = None) -> None:
        super().__init__(values)
        self.token, self.row = token, row
        self.was = _written(self)
        self.renewed = self.ended = self.asleep = False
        # Why the database could not be asked for it.
        self.lost: SQLAlchemyError | None = None


def id_here() -> str:
    """The id of the session that this request belongs to; empty for a new one."""
    visit = session._get_current_object()  # type: ignore[attr-defined]
    return visit.row.id if isinstance(visit, Visit) and visit.row else ""


def renew() -> None:
    """Somebody proved who they are: the session gets another name, so that nobody else can have known it."""
    session.clear()
    session._get_current_object().renewed = True  # type: ignore[attr-defined]


def end() -> None:
    """The session is over."""
    session.clear()
    session._get_current_object().ended = True  # type: ignore[attr-defined]


def insist() -> None:
    """Before anything else: a page whose session could not be opened is broken. Raises what the database raised."""
    lost = getattr(session._get_current_object(), "lost", None)  # type: ignore[attr-defined]
    if lost:
        raise lost


def keep_asleep() -> None:
    """This request came without anybody: it does not count as being seen."""
    session._get_current_object().asleep = True  # type: ignore[attr-defined]


class Sessions(SessionInterface):
    """Opens and keeps the sessions of the desk in PostgreSQL."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt

    def open_session(self, _app: Flask, request: Request) -> Visit | None:
        """The session of this browser; None for what needs none, such as styles."""
        if request.path.startswith(("/static/", "/bootstrap/")):
            return None
        token = request.cookies.get(COOKIE, "")
        if not token:
            return Visit({})
        try:
            with self.rt.db.connect() as connection:
                row = sessions.find(connection, _id(token), self.rt.clock())
        except SQLAlchemyError as error:
            # Not here: nothing could be answered without a session at all. See `insist`.
            visit = Visit({})
            visit.lost = error
            return visit
        return Visit(json.loads(row.data), token, row) if row else Visit({})

    def save_session(self, _app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what has changed, and give the browser its name."""
        assert isinstance(session, Visit)
        if session.lost:
            return
        secure = _is_secure(self.rt)
        if session.ended or (session.renewed and session.row):
            with self.rt.db.begin() as connection:
                sessions.end(connection, session.row.id if session.row else "")
        if session.ended:
            response.delete_cookie(COOKIE, path="/admin", secure=secure, httponly=True, samesite="Lax")
        elif session.row is None or session.renewed:
            if session:
                self._begin(session)
                response.set_cookie(COOKIE, session.token, path="/admin", secure=secure, httponly=True, samesite="Lax")
        else:
            self._go_on(session, session.row)

    def _begin(self, visit: Visit) -> None:
        now, visit.token = self.rt.clock(), secrets.token_urlsafe(32)
        row = Session(
            id=_id(visit.token),
            admin_id=int(visit[WHO]) if WHO in visit else None,
            data=_written(visit),
            address=request.remote_addr or "",
            agent=request.user_agent.string[:_LONGEST_AGENT],
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
        )
        with self.rt.db.begin() as connection:
            sessions.add(connection, row)

    def _go_on(self, visit: Visit, row: Session) -> None:
        now, data = self.rt.clock(), _written(visit)
        if data == visit.was and (visit.asleep or now - row.seen_at < SEEN):
            return
        seen = row.seen_at if visit.asleep else now
        until = min(seen + IDLE, row.created_at + ABSOLUTE)
        with self.rt.db.begin() as connection:
            sessions.keep(connection, Session(**{**row.__dict__, "data": data, "seen_at": seen, "expires_at": until}))


def _id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _written(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), sort_keys=True)


def _is_secure(rt: Runtime) -> bool:
    """Whether the cookie travels over TLS only: everywhere but on the machine where `make run` runs."""
    return not (rt.settings.sertakan_local and request.host.rsplit(":", 1)[0] in _AT_HOME)
