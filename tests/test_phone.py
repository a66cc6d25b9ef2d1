"""The terminal phone against a small stand-in for the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from ussd_app.phone import NoAnswer, Phone, Screen, draw, split_code, talk

MENU = "CON Jaminan sosial\n1 Daftar\n0 Keluar"


class Service:
    """Answers the callback from a table of cumulative texts, and keeps every body it was sent."""

    def __init__(self) -> None:
        self.replies = {"": MENU, "1": "CON Ketik nama lengkap", "0": "END Terima kasih"}
        self.status = 200
        self.bodies: list[bytes] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.bodies.append(body)
                reply = service.reply_to(body).encode()
                self.send_response(service.status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Tests need no access log."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/callback"

    @property
    def forms(self) -> list[dict[str, str]]:
        return [
            {key: value for key, [value] in parse_qs(body.decode(), keep_blank_values=True).items()}
            for body in self.bodies
        ]

    def reply_to(self, body: bytes) -> str:
        [text] = parse_qs(body.decode(), keep_blank_values=True)["text"]
        return self.replies.get(text, f"END {text}")

    def stop(self) -> None:
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.stop()


@pytest.fixture
def phone(service: Service) -> Phone:
    return Phone(service.url, "+6281234567890")


class Person:
    """Somebody at the prompt: types the given lines, then Ctrl-D, and remembers what was shown."""

    def __init__(self, *lines: str, before: Callable[[], None] | None = None) -> None:
        self.lines = list(lines)
        self.before = before
        self.shown: list[str] = []

    def read(self, prompt: str) -> str:
        assert prompt == "> "
        if not self.lines:
            raise EOFError
        line = self.lines.pop(0)
        if self.before is not None:
            self.before()
        return line

    def write(self, text: str) -> None:
        self.shown.append(text)


def test_dialling_sends_the_five_fields_of_the_callback(phone: Phone, service: Service) -> None:
    assert phone.dial() == Screen("Jaminan sosial\n1 Daftar\n0 Keluar", open=True, status=200)
    assert service.forms == [
        {
            "sessionId": phone.session_id,
            "phoneNumber": "+6281234567890",
            "networkCode": "99999",
            "serviceCode": "*777#",
            "text": "",
        }
    ]
    assert phone.session_id.startswith("ATUid_sim_")


def test_every_dial_is_a_session_of_its_own(phone: Phone, service: Service) -> None:
    phone.dial()
    phone.dial()
    first, second = service.forms
    assert first["sessionId"] != second["sessionId"]


def test_answers_are_sent_all_together_joined_with_stars(phone: Phone, service: Service) -> None:
    service.replies["1*Siti Aminah"] = "CON Benar?"
    phone.dial()
    phone.answer("1")
    assert phone.answer("Siti Aminah").text == "Benar?"
    assert [form["text"] for form in service.forms] == ["", "1", "1*Siti Aminah"]


def test_an_empty_answer_is_an_answer(phone: Phone, service: Service) -> None:
    phone.dial()
    phone.answer("1")
    phone.answer("")
    assert service.forms[-1]["text"] == "1*"


def test_a_chain_arrives_as_the_first_text_under_the_service_code(phone: Phone, service: Service) -> None:
    phone.dial("*777*1*2#")
    [form] = service.forms
    assert (form["serviceCode"], form["text"]) == ("*777#", "1*2")


@pytest.mark.parametrize(
    ("code", "service_code", "expected"),
    [
        ("*777#", "*777#", ("*777#", [])),
        ("*777*1#", "*777#", ("*777#", ["1"])),
        ("*777*1*2#", "*777#", ("*777#", ["1", "2"])),
        ("*777**2#", "*777#", ("*777#", ["", "2"])),
        ("*777*#", "*777#", ("*777#", [])),
        ("*7771*2#", "*777#", ("*7771*2#", [])),
        ("*384*55#", "*384*55#", ("*384*55#", [])),
        ("*384*55*3#", "*384*55#", ("*384*55#", ["3"])),
        ("*123#", "*777#", ("*123#", [])),
    ],
)
def test_a_dialled_code_splits_into_service_code_and_answers(
    code: str, service_code: str, expected: tuple[str, list[str]]
) -> None:
    assert split_code(code, service_code) == expected


def test_again_repeats_the_last_request_byte_for_byte(phone: Phone, service: Service) -> None:
    phone.dial()
    once = phone.answer("1")
    assert phone.again() == once
    assert service.bodies[-1] == service.bodies[-2]


def test_end_closes_the_session(phone: Phone) -> None:
    phone.dial()
    assert phone.answer("0") == Screen("Terima kasih", open=False, status=200)
    with pytest.raises(ValueError, match="no open session"):
        phone.answer("1")


def test_hanging_up_closes_the_session(phone: Phone) -> None:
    phone.dial()
    phone.hang_up()
    with pytest.raises(ValueError, match="no open session"):
        phone.answer("1")


def test_nothing_can_be_repeated_before_the_first_dial(phone: Phone) -> None:
    with pytest.raises(ValueError, match="nothing has been dialled"):
        phone.again()


def test_a_refusal_is_shown_with_its_status_and_closes_the_session(phone: Phone, service: Service) -> None:
    service.status, service.replies[""] = 403, "wrong token"
    assert phone.dial() == Screen("wrong token", open=False, status=403)


def test_a_reply_that_is_neither_con_nor_end_closes_the_session(phone: Phone, service: Service) -> None:
    service.replies[""] = "Hello"
    assert phone.dial() == Screen("Hello", open=False, status=200)


def test_a_screen_is_read_as_utf_8_whatever_the_header_says(phone: Phone, service: Service) -> None:
    service.replies[""] = "CON Ñandú ’"
    assert phone.dial().text == "Ñandú ’"


def test_a_service_that_is_down_is_no_answer(phone: Phone, service: Service) -> None:
    service.stop()
    with pytest.raises(NoAnswer):
        phone.dial()


def test_a_drawn_screen_stands_in_a_box_with_its_length() -> None:
    assert draw(Screen("Jaminan sosial\n1 Daftar", open=True, status=200)).splitlines() == [
        "┌──────────────────────────────────┐",
        "│ Jaminan sosial                   │",
        "│ 1 Daftar                         │",
        "└────────────────── 23/160 · open ─┘",
    ]


def test_every_line_of_a_drawn_screen_is_equally_wide() -> None:
    text = "Perlindungan kecelakaan kerja dan kematian untuk Anda sekeluarga\n\n" + "9" * 40
    assert len({len(line) for line in draw(Screen(text, open=False, status=200)).splitlines()}) == 1


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a" * 160, " 160/160 "),
        ("a" * 161, " 161/160! "),
        ("[1] {2}", " 11/160 "),
        ("Selamat ’datang’", " 16/70 UCS-2 "),
        ("’" * 71, " 71/70 UCS-2! "),
    ],
)
def test_the_length_is_counted_in_septets_or_in_utf_16_units(text: str, length: str) -> None:
    assert length in draw(Screen(text, open=True, status=200)).splitlines()[-1]


def test_a_conversation_runs_until_the_service_ends_it(phone: Phone, service: Service) -> None:
    service.replies["1*Siti"] = "END Terdaftar"
    person = Person("1", "Siti")
    assert talk(phone, person.read, person.write, "*777#") == 0
    menu, question, goodbye, farewell = person.shown
    assert "Jaminan sosial" in menu
    assert "nama lengkap" in question
    assert "Terdaftar" in goodbye
    assert farewell == "The call has ended."


@pytest.mark.parametrize("lines", [["/quit", "1"], []], ids=["/quit", "Ctrl-D"])
def test_quitting_hangs_up_and_sends_nothing_more(phone: Phone, service: Service, lines: list[str]) -> None:
    person = Person(*lines)
    assert talk(phone, person.read, person.write) == 0
    assert len(service.bodies) == 1


def test_an_empty_line_sends_an_empty_answer(phone: Phone, service: Service) -> None:
    person = Person("1", "")
    talk(phone, person.read, person.write)
    assert service.forms[-1]["text"] == "1*"


def test_again_at_the_prompt_repeats_the_request(phone: Phone, service: Service) -> None:
    person = Person("1", "/again")
    talk(phone, person.read, person.write)
    assert service.bodies[-1] == service.bodies[-2]
    assert person.shown[1] == person.shown[2]


def test_a_service_out_of_reach_is_told_politely(phone: Phone, service: Service) -> None:
    service.stop()
    person = Person()
    assert talk(phone, person.read, person.write) == 1
    assert "cannot be reached" in person.shown[0]


def test_after_a_lost_reply_the_same_request_goes_out_again(phone: Phone, service: Service) -> None:
    there, phone.callback_url = phone.callback_url, "http://127.0.0.1:1/nobody"

    def mend() -> None:
        phone.callback_url = there

    person = Person("", before=mend)
    assert talk(phone, person.read, person.write) == 0
    assert [form["text"] for form in service.forms] == [""]
    assert "Jaminan sosial" in person.shown[1]
