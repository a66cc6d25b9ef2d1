"""Nobody's NIK, phone number, name or token can be read in the logs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import sqlalchemy

from tests.builders import NAME, NIK, NOVEMBER, PHONE, a_person, execute
from ussd_app.logs import masked
from ussd_app.runtime import Runtime
from ussd_app.storage import members

SECRETS = ["3174054508880003", "81234567890", "tok3n-of-ours"]


def logged(script: str) -> str:
    """What a process of its own writes while it runs a script."""
    begin = "import logging, structlog\nfrom ussd_app import logs\nlogs.configure()\nlog = structlog.get_logger()\n"
    return subprocess.run([sys.executable, "-c", begin + script], capture_output=True, text=True, check=True).stderr


@pytest.mark.parametrize(
    "text",
    [
        "nik 3174054508880003 typed",
        "1*3174054508880003*05081988",
        "from +6281234567890",
        "from 081234567890.",
        "from 6281234567890",
        "GET /simulator/api/messages?phone=%2B6281234567890",
        "POST /callbacks/africastalking/tok3n-of-ours/ussd HTTP/1.1",
        "POST /callbacks/africastalking/tok3n-of-ours/delivery-reports",
        "{'phoneNumber': '+6281234567890', 'text': '3174054508880003'}",
    ],
)
def test_a_secret_cannot_be_read(text: str) -> None:
    assert [secret for secret in SECRETS if secret in masked(text)] == []


@pytest.mark.parametrize("text", ["42 ms", "order SRT-0123456789ABCD", "2026-11-22 03:00:00", "Rp193.200", "B12"])
def test_what_is_not_secret_stays(text: str) -> None:
    assert masked(text) == text


def test_a_phone_can_still_be_told_from_another() -> None:
    assert masked("+6281234567890") == "+62812****890"


@pytest.mark.parametrize(
    "call",
    [
        'log.warning("a turn failed", phone="+6281234567890", nik="3174054508880003")',
        'log.warning("typed 3174054508880003 by +6281234567890")',
        'log.warning("several", phones=["+6281234567890"], more={"nik": "3174054508880003"}, number=3174054508880003)',
        'logging.getLogger("werkzeug").warning("POST /callbacks/africastalking/%s/ussd", "tok3n-of-ours")',
        'logging.getLogger("x").error("%s", {"nik": "3174054508880003", "phone": "+6281234567890"})',
        'try:\n    raise ValueError("+6281234567890 3174054508880003")\nexcept ValueError:\n    log.exception("x")',
        'try:\n    raise ValueError("3174054508880003")\nexcept ValueError:\n    logging.exception("failed")',
    ],
)
def test_no_way_of_logging_shows_a_secret(call: str) -> None:
    written = logged(call)
    assert written
    assert [secret for secret in SECRETS if secret in written] == []


def test_a_line_is_one_json_object_with_its_level_and_time() -> None:
    line = json.loads(logged('log.warning("hello", number=3)'))
    assert (line["event"], line["level"], line["number"], line["timestamp"][-1]) == ("hello", "warning", 3, "Z")


def test_an_error_of_the_database_does_not_quote_what_was_to_be_written(rt: Runtime) -> None:
    execute(rt, "ALTER TABLE members ADD CONSTRAINT nobody CHECK (name = '')")
    try:
        with pytest.raises(sqlalchemy.exc.IntegrityError) as refused, rt.db.begin() as connection:
            members.add(connection, rt.vault, NIK, a_person(), NOVEMBER, rt.clock())
    finally:
        execute(rt, "ALTER TABLE members DROP CONSTRAINT nobody")
    written = masked(str(refused.value))
    assert [secret for secret in (NIK, NAME, PHONE) if secret in written] == []
