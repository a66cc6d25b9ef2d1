"""A phone without a network: dial the service from a terminal or a test, over its real callback."""

from __future__ import annotations

import secrets
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import requests

from ussd_app.domain import gsm7
from ussd_app.errors import GatewayUnknown

WIDTH = 32  # characters in a line of the drawn screen, about what a small phone shows
SEPTETS, UTF16_UNITS = 160, 70  # what one screen holds

NO_ANSWER = "The service cannot be reached just now. Enter tries the same request again, /quit hangs up."
FAREWELL = "The call has ended."


class NoAnswer(GatewayUnknown):
    """The callback did not answer, and may have heard us all the same: `Phone.again` finds out."""


@dataclass(frozen=True)
class Screen:
    """What the phone shows, whether it can be answered, and the HTTP status it came with."""

    text: str
    open: bool
    status: int


class Phone:
    """One handset with one number; it holds at most one session, as a handset does."""

    def __init__(
        self,
        callback_url: str,
        number: str,
        service_code: str = "*777#",
        network_code: str = "99999",
        timeout: float = 15.0,
        session: requests.Session | None = None,
    ) -> None:
        self.callback_url = callback_url
        self.number = number
        self.service_code = service_code
        self.network_code = network_code
        self.timeout = timeout
        self._http = session or requests.Session()
        self._session_id = ""
        self._dialled = service_code
        self._said: list[str] = []
        self._request: dict[str, str] | None = None
        self._open = False

    @property
    def session_id(self) -> str:
        """The network's name for the call that was dialled last, empty before the first."""
        return self._session_id

    def dial(self, code: str | None = None) -> Screen:
        """Begin a new session; `*777*1*2#` walks into the menu in one go."""
        self._session_id = f"ATUid_sim_{secrets.token_hex(12)}"
        self._dialled, self._said = split_code(code or self.service_code, self.service_code)
        return self._transmit()

    def answer(self, text: str) -> Screen:
        """Reply to the open screen."""
        if not self._open:
            raise ValueError("there is no open session to answer")
        self._said.append(text)
        return self._transmit()

    def again(self) -> Screen:
        """Repeat the last request byte for byte, as a network does when a reply was lost."""
        if self._request is None:
            raise ValueError("nothing has been dialled yet")
        return self._post(self._request)

    def hang_up(self) -> None:
        """Forget the session; a network says nothing to us about that in the callback."""
        self._open = False

    def _transmit(self) -> Screen:
        self._request = {
            "sessionId": self._session_id,
            "phoneNumber": self.number,
            "networkCode": self.network_code,
            "serviceCode": self._dialled,
            "text": "*".join(self._said),
        }
        return self._post(self._request)

    def _post(self, form: dict[str, str]) -> Screen:
        try:
            reply = self._http.post(self.callback_url, data=form, timeout=self.timeout)
        except requests.RequestException as lost:
            raise NoAnswer(f"no answer from the callback: {type(lost).__name__}") from lost
        reply.encoding = "utf-8"
        screen = read_screen(reply.text, reply.status_code)
        self._open = screen.open
        return screen


def split_code(code: str, service_code: str) -> tuple[str, list[str]]:
    """What the network makes of a dialled code: the service's own code, and the answers behind it."""
    stem = service_code.removesuffix("#") + "*"
    if not code.startswith(stem):
        return code, []
    chain = code.removeprefix(stem).removesuffix("#")
    return service_code, chain.split("*") if chain else []


def read_screen(body: str, status: int) -> Screen:
    """The reply as a network reads it: only a 200 that says CON keeps the session open."""
    verb, text = body[:4], body[4:]
    if status != requests.codes.ok or verb not in ("CON ", "END "):
        return Screen(body, False, status)
    return Screen(text, verb == "CON ", status)


def talk(phone: Phone, read: Callable[[str], str], write: Callable[[str], None], code: str | None = None) -> int:
    """Hold one conversation at a prompt; 0 when it could be held, 1 when the service was out of reach."""
    screen = attempt(lambda: phone.dial(code), write)
    while screen is None or screen.open:
        said = prompt(read)
        if said == "/quit":
            phone.hang_up()
            break
        # After a lost reply the last answer may have been heard: that request goes out again, and no other.
        repeat = screen is None or said == "/again"
        screen = attempt(phone.again if repeat else partial(phone.answer, said), write)
    write(FAREWELL)
    return 0 if screen is not None and screen.status == requests.codes.ok else 1


def prompt(read: Callable[[str], str]) -> str:
    """One line from the person; Ctrl-D and Ctrl-C hang up."""
    try:
        return read("> ")
    except (EOFError, KeyboardInterrupt):
        return "/quit"


def attempt(request: Callable[[], Screen], write: Callable[[str], None]) -> Screen | None:
    """Make one request and draw its screen; None, and a polite sentence, when nobody answers."""
    try:
        screen = request()
    except NoAnswer:
        write(NO_ANSWER)
        return None
    write(draw(screen))
    return screen


def draw(screen: Screen) -> str:
    """The screen in a small box, its length and what became of the session on the lower edge."""
    lines = [line for paragraph in screen.text.split("\n") for line in wrap(paragraph)]
    state = "open" if screen.open else "ended"
    if screen.status != requests.codes.ok:
        state = f"HTTP {screen.status}"
    foot = f" {count(screen.text)} · {state} "
    return "\n".join(
        [
            f"┌{'─' * (WIDTH + 2)}┐",
            *(f"│ {line:<{WIDTH}} │" for line in lines),
            f"└{foot:─>{WIDTH + 1}}─┘",
        ]
    )


def wrap(paragraph: str) -> list[str]:
    """Lines no longer than the box; an empty paragraph stays an empty line."""
    return textwrap.wrap(paragraph, WIDTH, break_on_hyphens=False) or [""]


def count(text: str) -> str:
    """`132/160`, `36/70 UCS-2` when a character is outside GSM-7, and a `!` when it is too long."""
    septets = gsm7.septets(text)
    length, limit, alphabet = (
        (gsm7.utf16_units(text), UTF16_UNITS, " UCS-2") if septets is None else (septets, SEPTETS, "")
    )
    return f"{length}/{limit}{alphabet}{'!' if length > limit else ''}"
