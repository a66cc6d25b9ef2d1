"""Whole conversations kept as text files: replayed against the real callback, rewritten with `--update`.

A file tells what a person does and what comes back:

    # One sentence that says what this conversation shows.
    > dial *777#
    CON …the screen…
    > 1
    CON …
    ! work              every waiting job is done
    SMS …               what arrived since, one line each
    ! pay [3000]        the newest pay code is paid in cash; so much where it takes any amount

    ! files             from now on the institution takes files
    ! answer refused age   a file is made of the registrations that wait, and all of them are answered so

    > sms DAFTAR        an SMS to us; what it asks for is done, and what arrived since follows
    SMS …

Other commands: `! savings on`, `! phone +62…`, `! now 2026-12-16 09:00` (Jakarta), `! again` (the gateway repeats its
request), `! cut off` (the network drops the session). All other lines are what came back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient

from tests.conftest import clock_of
from tests.work import work
from ussd_app import queues
from ussd_app.app import create_app
from ussd_app.gateways.answer_file import COLUMNS
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.phone import split_code
from ussd_app.runtime import Runtime
from ussd_app.services import handover_answers, handover_files
from workers import runtime as worker_runtime

CALLBACK = "/callbacks/africastalking/local/ussd"


@dataclass
class Conversation:
    """One person with a phone: what they do goes in, what they see comes out."""

    rt: Runtime
    phone: str = "+6281234567890"
    code: str = "*777#"
    text: str = ""
    sessions: int = 0
    texted: int = 0
    seen_sms: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.client: FlaskClient = create_app(self.rt).test_client()

    def do(self, line: str) -> list[str]:
        """One line of a conversation; the lines that come back."""
        if line.startswith("> dial"):
            return self.dial(line.removeprefix("> dial").strip() or "*777#")
        if line.startswith("> sms "):
            return self.text_us(line.removeprefix("> sms "))
        if line.startswith(">"):
            return self.answer(line.removeprefix(">").removeprefix(" "))
        command, _, rest = line.removeprefix("! ").partition(" ")
        if command == "phone":
            self.phone = rest
            return []
        if command == "savings":
            self._with_savings()
            return []
        if command == "files":
            self._by_file()
            return []
        if command == "answer":
            return self.answer_all(*rest.split())
        if command == "pay":
            return self.pay(rest)
        if command == "now":
            local = datetime.strptime(rest, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Asia/Jakarta"))
            clock_of(self.rt).set(local.astimezone(UTC))
            return []
        commands = {"again": self.post, "work": self.work, "cut": self.cut_off}
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

    def text_us(self, words: str) -> list[str]:
        """Send us an SMS; what arrives once it has been dealt with."""
        self.texted += 1
        form = {
            "from": self.phone,
            "to": "777",
            "text": words.replace("\\n", "\n"),
            "date": "2026-11-22 03:00:00",
            "id": f"{self.phone}-{self.texted}",
        }
        assert self.client.post("/callbacks/africastalking/local/sms", data=form).status_code == 200
        return self.work()

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
        """Every waiting job is done, and what is due by now; the SMS that arrived."""
        self.rt.queues.enqueue(queues.SWEEP_MEMBERS)
        work(self.rt)
        fresh = [sms for sms in self.messages() if sms["id"] not in self.seen_sms]
        self.seen_sms.update(int(str(sms["id"])) for sms in fresh)
        return [f"SMS {sms['text']}" for sms in fresh]

    def _with_savings(self) -> None:
        """From now on the operator lets people save."""
        self.rt = replace(self.rt, settings=self.rt.settings.model_copy(update={"savings": True}))
        worker_runtime.use(self.rt)
        self.client = create_app(self.rt).test_client()

    def _by_file(self) -> None:
        """From now on somebody in the office carries files to the institution."""
        self.rt = replace(self.rt, institution=FileInstitution())
        worker_runtime.use(self.rt)
        self.client = create_app(self.rt).test_client()

    def answer_all(self, verdict: str, about: str) -> list[str]:
        """The institution answers every registration that waits; `about` is the member number, or the reason."""
        made = handover_files.make(self.rt, "registrations", "tests")
        assert made is not None, "no registration waits"
        number, reason = (about, "") if verdict == "accepted" else ("", about)
        sheet = handover_files.download(self.rt, made.number).decode().splitlines()
        lines = [f"{made.number},{row.split(',')[0]},{verdict},{number},{reason}" for row in sheet[7:-1]]
        contents = "\n".join([",".join(COLUMNS), *lines])
        taken = handover_answers.take(self.rt, "answers.csv", contents.encode(), "tests")
        assert not taken.problems, taken.problems
        return self.work()

    def pay(self, amount: str = "") -> list[str]:
        """The newest pay code is paid in cash, with an amount of one's own where it takes any; what the till says."""
        payable = [sms["pay"] for sms in self.messages() if sms.get("pay")]
        assert payable, "no SMS with a pay code has arrived"
        asked: dict[str, object] = {**payable[-1], "amount": amount or payable[-1]["amount"]}  # type: ignore[dict-item,index]
        response = self.client.post("/simulator/api/payments", data=asked)
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
