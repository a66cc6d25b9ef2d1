"""Somebody whose network posts the last input only, over the plain callback."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.builders import PHONE
from tests.conftest import clock_of
from ussd_app.app import create_app
from ussd_app.runtime import Runtime
from ussd_app.services.dialing import Reply

ADDRESS = "/callbacks/ussd/local"


class Caller:
    """One phone, one session: every answer is a request of its own, and the network may repeat it."""

    def __init__(self, rt: Runtime, retry: str, session: str = "a1") -> None:
        settings = rt.settings.model_copy(update={"ussd_retry": retry})
        self.rt, self.session, self.requests = rt, session, 0
        self.app = create_app(replace(rt, settings=settings))
        self.last: dict[str, str] = {}

    def dial(self, said: str = "", code: str = "*777#") -> Reply:
        """The first request of the session."""
        return self.post({"code": code, "input": said})

    def say(self, *answers: str) -> Reply:
        """Answer screen after screen, four seconds each; the last screen."""
        reply = Reply("", ends=False)
        for said in answers:
            clock_of(self.rt).forward(seconds=4)
            reply = self.post({"code": "*777#", "input": said})
        return reply

    def post(self, fields: dict[str, str]) -> Reply:
        """One new request."""
        self.requests += 1
        self.last = {"session": self.session, "phone": PHONE, "request": str(self.requests), **fields}
        return self.again()

    def again(self) -> Reply:
        """The network repeats its last request."""
        response = self.app.test_client().post(ADDRESS, json=self.last)
        assert response.status_code == 200, response.text
        answer = response.get_json()
        return Reply(answer["text"], answer["ends"])

    def ten_at_once(self, said: str) -> list[Reply]:
        """One request, ten copies of it at the same time."""
        clock_of(self.rt).forward(seconds=4)
        self.requests += 1
        request = str(self.requests)
        fields = {"session": self.session, "phone": PHONE, "code": "*777#", "input": said, "request": request}
        self.last = fields
        with ThreadPoolExecutor(10) as threads:
            return list(threads.map(lambda _: self.again(), range(10)))
