"""HTTP to a company: connections that are kept while texts flow, and whether a request ever left."""

from __future__ import annotations

import ssl
import threading
import time
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3.exceptions

# Seconds without a request after which a connection is not trusted: the other side may be closing it at this moment,
# and a text that is lost on the way could not be told from one that was taken.
IDLE = 2.0


class Sessions:
    """One session for each thread, with its connection kept between requests that follow each other closely."""

    def __init__(self) -> None:
        self._local = threading.local()

    def get(self) -> requests.Session:
        """This thread's session."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is not None and time.monotonic() - self._local.used > IDLE:
            session.close()
            session = None
        if session is None:
            session = self._local.session = requests.Session()
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._local.used = time.monotonic()
        return session


def never_left(error: requests.RequestException) -> bool:
    """Whether the request cannot have reached anybody: no connection, no name, no trusted certificate."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.InvalidURL)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.SSLError):
        return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in reason.args)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
