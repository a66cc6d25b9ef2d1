"""The running service as the outside meets it: over its sockets, as processes that start and stop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.fakes.africastalking import FakeAfricasTalking, Taken
from tests.service import BIRTH_DATE, ROOT, THANKS, Service, a_free_port, a_nik, register, until, walk_to_consent
from ussd_app.phone import Phone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("service")]

SITI, SITIS_NIK = "+6281290000001", "3174054508880003"
ACTIVE = re.compile(r"AKTIF s\.d\. \d{1,2} [A-Z][a-z]{2} 20\d\d")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service that no test of this module stops."""
    with Service(tmp_path_factory.mktemp("shared") / "var") as running:
        yield running


def read_coverage(phone: Phone) -> str:
    """The home screen of somebody who has paid, once it says that they are covered."""
    return until(lambda: screen.text if ACTIVE.search((screen := phone.dial()).text) else "")


def code_and_amount(text: str) -> tuple[str, str]:
    """What somebody reads out of the pay-code SMS."""
    code, amount = re.search(r"Nomor bayar (\d+)", text), re.search(r"Rp([\d.]+)", text)
    assert code, text
    assert amount, text
    return code[1], amount[1].replace(".", "")


def test_somebody_registers_gets_a_pay_code_pays_and_reads_their_coverage(service: Service) -> None:
    phone = service.phone(SITI)
    register(phone, SITIS_NIK)
    sms = service.message(SITI, "Nomor bayar")
    assert sms["to"] == SITI
    assert "BELUM AKTIF" in phone.dial().text
    assert service.pay(*code_and_amount(sms["text"])).status_code == 202
    receipt = service.message(SITI, "diterima")["text"]
    assert receipt.startswith("Terima kasih Siti Aminah!")
    assert "AKTIF" not in receipt
    assert "Siti Aminah" in read_coverage(phone)


def test_somebody_without_a_menu_registers_by_sms_alone(service: Service) -> None:
    number = "+6281290000055"
    said = [f"DAFTAR#{a_nik(55)}#Budi Santoso#{BIRTH_DATE}", "1", "1", "2", "setuju"]
    asked = ["Pekerjaan Anda?", "Di mana", "1 bulan", "Setuju daftar", "Nomor bayar"]
    for turn, (words, then) in enumerate(zip(said, asked, strict=True)):
        form = {"from": number, "to": "777", "text": words, "date": "2026-11-22 03:00:00", "id": f"by-sms-{turn}"}
        for _ in range(2):  # the gateway delivers everything twice
            answer = requests.post(service.callback.removesuffix("ussd") + "sms", data=form, timeout=15)
            assert answer.status_code == 200
        service.message(number, then)
    counted = service.rows("SELECT count(*) AS codes FROM pay_codes WHERE phone = %(phone)s", {"phone": number})
    assert [row["codes"] for row in counted] == [1]
    texts = [sms["text"] for sms in service.messages(number) if "NOMOR PESERTA" not in sms["text"]]
    assert len(texts) == len(said)


def test_every_part_says_by_name_that_it_is_ready(service: Service) -> None:
    answer = requests.get(f"{service.url}/readyz", timeout=10)
    assert answer.json() == dict.fromkeys(("database", "redis", "migrations", "workers"), "ok")
    assert "alembic" not in service.said()  # asked every few seconds, it leaves no line
    assert requests.get(f"{service.url}/healthz", timeout=10).status_code == 200
    assert "sertakan_books_balance 0.0" in requests.get(f"{service.url}/metrics", timeout=10).text


def test_each_part_is_a_process_of_its_own(service: Service) -> None:
    workers = ["worker registration", "worker payments", "worker sms-urgent", "worker housekeeping", "scheduler"]
    for what in ["run", "web server", "postgres", "valkey", *workers]:
        assert service.pids(what), what
    assert len(service.pids("web")) == 2


def test_ten_parallel_duplicates_of_every_turn_make_one_transition_each(service: Service) -> None:
    number, nik = "+6281290000009", a_nik(29)
    form = {"sessionId": "ten-at-once", "phoneNumber": number, "serviceCode": "*777#", "networkCode": "51010"}
    answers = ["", "1", nik, BIRTH_DATE, "Siti Aminah", "1", "1", "1", "1"]
    with ThreadPoolExecutor(10) as ten_at_once:
        for turn in range(len(answers)):
            text = "*".join(answers[1 : turn + 1])
            replies = set(ten_at_once.map(lambda _, text=text: post(service, {**form, "text": text}), range(10)))
            assert len(replies) == 1, replies
    service.message(number, "Nomor bayar")
    counted = service.rows("SELECT count(*) AS codes FROM pay_codes WHERE phone = %(phone)s", {"phone": number})
    assert [row["codes"] for row in counted] == [1]


def post(service: Service, form: dict[str, str]) -> str:
    """What the service answers to one request of the gateway."""
    answer = requests.post(service.callback, data=form, timeout=15)
    answer.encoding = "utf-8"
    return answer.text


def test_the_last_callback_posted_twenty_times_registers_once_and_answers_alike(service: Service) -> None:
    number, nik = "+6281290000002", a_nik(20)
    phone = service.phone(number)
    walk_to_consent(phone, nik)
    answers = f"1*{nik}*{BIRTH_DATE}*Siti Aminah*1*1*1*1"
    form = {
        "sessionId": phone.session_id,
        "phoneNumber": number,
        "networkCode": phone.network_code,
        "serviceCode": phone.service_code,
        "text": answers,
    }

    def post(_: int) -> tuple[int, str, str]:
        answer = requests.post(service.callback, data=form, timeout=15)
        answer.encoding = "utf-8"
        return answer.status_code, answer.headers["Content-Type"], answer.text

    with ThreadPoolExecutor(5) as five_at_once:
        replies = list(five_at_once.map(post, range(20)))
    assert len(set(replies)) == 1
    assert replies[0][:2] == (200, "text/plain; charset=utf-8")
    assert replies[0][2].startswith(f"END {THANKS}")
    service.message(number, "Nomor bayar")
    counted = service.rows(
        "SELECT (SELECT count(*) FROM members WHERE phone = %(phone)s) AS members, "
        "(SELECT count(*) FROM registrations JOIN members m ON m.id = member_id WHERE phone = %(phone)s) AS filed, "
        "(SELECT count(*) FROM consents WHERE phone = %(phone)s) AS consents, "
        "(SELECT count(*) FROM pay_codes WHERE phone = %(phone)s) AS codes, "
        "(SELECT count(*) FROM outbox WHERE phone = %(phone)s AND due_at <= now()) AS texts",
        {"phone": number},
    )
    assert counted == [{"members": 1, "filed": 1, "consents": 1, "codes": 1, "texts": 1}]


def test_a_wrong_token_is_forbidden_and_a_missing_field_is_named(service: Service) -> None:
    form = {"sessionId": "s-1", "phoneNumber": "+6281290000003", "text": ""}
    assert requests.post(service.callback, data=form, timeout=10).status_code == 200
    wrong = service.callback.replace(service.token, "wrong")
    assert requests.post(wrong, data=form, timeout=10).status_code == 403
    for name in ("sessionId", "phoneNumber"):
        answer = requests.post(service.callback, data=form | {name: ""}, timeout=10)
        assert answer.status_code == 400
        assert name in answer.text
    assert requests.post(service.callback, data=form | {"text": "1" * 70_000}, timeout=10).status_code == 413


def refused(service: Service) -> str:
    """What a copy that cannot start says; it ends with an exit code that says so as well."""
    assert service.launch().wait(30) == 1
    return service.output.read_text()


def test_a_port_in_use_is_refused_in_one_sentence(service: Service) -> None:
    other = Service(service.data_dir.with_name("other"), port=service.port)
    assert refused(other) == f"Port {service.port} is already in use: give another with PORT=…\n"
    assert not other.processes()


def test_a_second_copy_with_the_same_data_is_refused_in_one_sentence(service: Service) -> None:
    second = Service(service.data_dir, port=a_free_port())
    second.output = service.data_dir.with_name("second.log")
    before = service.processes()
    assert refused(second) == f"Another copy of the service already uses {service.data_dir}.\n"
    assert service.processes() == before


def test_beside_another_copy_texts_go_to_africas_talking_when_a_key_is_set(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    number, home = "+6281290000004", tmp_path_factory.mktemp("at") / "var"

    def texts() -> list[Taken]:
        return [taken for taken in fake.taken if taken.to == number]

    with (
        FakeAfricasTalking(api_key="the-key") as fake,
        Service(home, AT_API_KEY="the-key", AT_BASE_URL=fake.url) as beside,
    ):
        phone = beside.phone(number)
        register(phone, SITIS_NIK)
        assert "Daftar" in service.phone(number).dial().text  # the other copy has its own people
        until(texts)
        assert beside.pay(*code_and_amount(texts()[0].text)).status_code == 202
        until(lambda: len(texts()) == 2)
        assert texts()[1].text.startswith("Terima kasih Siti Aminah!")
        read_coverage(phone)
        until(lambda: not beside.rows("SELECT 1 FROM outbox WHERE state <> 'sent' AND due_at <= now()"))
        sent = beside.rows("SELECT text, gateway, message_id, cost FROM outbox WHERE state = 'sent' ORDER BY id")
        assert [(row["text"], row["message_id"]) for row in sent] == [(sms.text, sms.message_id) for sms in texts()]
        assert {(row["gateway"], row["cost"]) for row in sent} == {("africastalking", "KES 0.8000")}
        assert {asked.headers["apikey"] for asked in fake.requests} == {"the-key"}


def test_a_stop_leaves_no_process_and_the_next_start_finds_the_member_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    number = "+6281290000005"
    again = Service(tmp_path_factory.mktemp("again") / "var")
    with again:
        phone = again.phone(number)
        register(phone, SITIS_NIK)
        sms = again.message(number, "Nomor bayar")
        assert again.processes()
        assert again.stop() == 0
    assert not again.processes()
    with again:
        assert again.messages(number) == [sms]
        assert "BELUM AKTIF" in phone.dial().text
        assert again.pay(*code_and_amount(sms["text"])).status_code == 202
        read_coverage(phone)
    assert not again.processes()


def test_a_terminal_can_dial_the_running_service(service: Service) -> None:
    command = [sys.executable, "-m", "ussd_app", "dial", "--phone", "081290000006", "--url", service.callback]
    said = subprocess.run(
        command, cwd=ROOT, input="2\n2\n/quit\n", capture_output=True, text=True, timeout=30, check=True
    )
    assert "1. Daftar" in said.stdout
    assert "Rp42 juta" in said.stdout


def test_another_terminal_works_with_the_running_service_by_its_data_directory(service: Service) -> None:
    command = [sys.executable, "-m", "ussd_app", "menus", "history", "main"]
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(service.data_dir)}
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=True)
    assert "shipped with the service" in said.stdout


def test_without_a_running_service_the_settings_that_are_missing_are_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ussd_app", "menus", "history", "main"]
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (said.returncode, said.stderr.splitlines()) == (
        1,
        ["DATABASE_URL and REDIS_URL must be set, or `make run` must be running with this DATA_DIR"],
    )


def test_what_the_service_writes_down_for_operators_names_nobody(service: Service) -> None:
    number, nik = "+6281290000007", a_nik(70)
    walk_to_consent(service.phone(number), nik)
    gateway = service.callback.removesuffix("/ussd")
    for address in ("ussd-events", "sms", "delivery-reports", "opt-outs"):
        requests.post(f"{gateway}/{address}", data={"phoneNumber": number, "text": nik}, timeout=10)
    requests.post(service.callback, data=b"sessionId=%ff&phoneNumber=%00" + nik.encode(), timeout=10)
    requests.post(f"{service.callback}/{nik}/nowhere", data={"phoneNumber": number}, timeout=10)
    said = service.said()
    assert "Sertakan is running." in said
    assert service.token not in said
    assert not re.search(r"(?<!\d)\d{16}(?!\d)", said)
    assert not re.search(r"8129000000\d", said)
