"""Whole conversations kept as text files: replayed against the real callback, rewritten with `--update`.

A file tells what a person does and what comes back:

    # One sentence that says what this conversation shows.
    > dial *777#
    CON …the screen…
    > 1
    CON …
    ! work              every waiting job is done
    SMS …               what arrived since, one line each
    ! pay               the newest pay code is paid in cash

Other commands: `! phone +62…`, `! now 2026-12-16 09:00` (Jakarta), `! again` (the gateway repeats its request),
`! cut off` (the network drops the session). All other lines are what came back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient

from tests.conftest import clock_of
from tests.work import work
from ussd_app.app import create_app
from ussd_app.phone import split_code
from ussd_app.runtime import Runtime

CALLBACK = "/callbacks/africastalking/local/ussd"


@dataclass
class Conversation:
    """One person with a phone: what they do goes in, what they see comes out."""

    rt: Runtime
    phone: str = "+6281234567890"
    code: str = "*777#"
    text: str = ""
    sessions: int = 0
    seen_sms: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.client: FlaskClient = create_app(self.rt).test_client()

    def do(self, line: str) -> list[str]:
        """One line of a conversation; the lines that come back."""
        if line.startswith("> dial"):
            return self.dial(line.removeprefix("> dial").strip() or "*777#")
        if line.startswith(">"):
            return self.answer(line.removeprefix(">").removeprefix(" "))
        command, _, rest = line.removeprefix("! ").partition(" ")
        if command == "phone":
            self.phone = rest
            return []
        if command == "now":
            local = datetime.strptime(rest, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Asia/Jakarta"))
            clock_of(self.rt).set(local.astimezone(UTC))
            return []
        commands = {"again": self.post, "work": self.work, "pay": self.pay, "cut": self.cut_off}
        return commands[command]()

    def dial(self, code: str) -> list[str]:
        """Dial a code, in a new session."""
        self.sessions += 1
        self.code, answers = split_code(code, "*777#")
        self.text = "*".join(answers)
        return self.post()

    def answer(self, said: str) -> list[str]:
        """Answer the screen."""
        self.text = f"{self.text}*{said}" if self.text else said
        return self.post()

    def post(self) -> list[str]:
        """What the gateway posts now; the reply's lines."""
        form = {
            "sessionId": f"{self.phone}-{self.sessions}",
            "phoneNumber": self.phone,
            "networkCode": "51010",
            "serviceCode": self.code,
            "text": self.text,
        }
        response = self.client.post(CALLBACK, data=form)
        assert response.status_code == 200
        return response.get_data(as_text=True).split("\n")

    def cut_off(self) -> list[str]:
        """The network drops the session, and the gateway says so."""
        form = {
            "date": "2026-11-22 10:00:00",
            "sessionId": f"{self.phone}-{self.sessions}",
            "serviceCode": self.code,
            "networkCode": "51010",
            "phoneNumber": self.phone,
            "status": "Incomplete",
            "cost": "0",
            "durationInMillis": "4000",
            "hopsCount": "4",
        }
        assert self.client.post(f"{CALLBACK}-events", data=form).status_code == 200
        return []

    def messages(self) -> list[dict[str, object]]:
        """Every SMS this phone has received."""
        return list(self.client.get("/simulator/api/messages", query_string={"phone": self.phone}).get_json())

    def work(self) -> list[str]:
        """Every waiting job is done; the SMS that arrived."""
        work(self.rt)
        fresh = [sms for sms in self.messages() if sms["id"] not in self.seen_sms]
        self.seen_sms.update(int(str(sms["id"])) for sms in fresh)
        return [f"SMS {sms['text']}" for sms in fresh]

    def pay(self) -> list[str]:
        """The newest pay code is paid in cash; what the till says."""
        payable = [sms["pay"] for sms in self.messages() if sms.get("pay")]
        assert payable, "no SMS with a pay code has arrived"
        response = self.client.post("/simulator/api/payments", data=payable[-1])
        return [f"PAY {response.status_code}"]


def replay(rt: Runtime, script: str) -> str:
    """The script with everything that comes back as it really is now."""
    conversation, lines = Conversation(rt), []
    for line in script.splitlines():
        if line.startswith(("#", ">", "!")) or not line.strip():
            lines.append(line)
        if line.startswith((">", "! ")):
            lines += conversation.do(line)
    return "\n".join(lines) + "\n"
