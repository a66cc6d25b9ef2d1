"""The commands of the hand-over, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import a_member, a_nik, a_paid_member, a_registration, rows
from ussd_app.__main__ import main
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.runtime import Runtime
from ussd_app.services import verdicts
from ussd_app.services.handover_files import make

ME = "budi@kantor.id"


@pytest.fixture
def shell(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house, and a shell whose environment leads to it; a registration waits for a file."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(rt.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    member = a_member(rt)
    number = a_registration(rt, member)
    with rt.db.begin() as connection:
        verdicts.settle(rt, connection, number, member, FileInstitution().file(None))  # type: ignore[arg-type]
    return rt


@pytest.mark.usefixtures("shell")
def test_a_file_is_made_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handover", "make", "registrations", "--by", ME]) == 0
    assert main(["handover", "list"]) == 0
    made, listed = capsys.readouterr().out.splitlines()
    assert made == listed
    assert made.endswith("registrations: 1 rows, not downloaded, 0 of 1 answered")


@pytest.mark.usefixtures("shell")
def test_where_nothing_waits_the_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handover", "make", "contributions", "--by", ME]) == 0
    assert capsys.readouterr().out == "no contributions wait to be handed over\n"


def test_a_downloaded_file_is_for_its_owner_alone_and_genuine(shell: Runtime, tmp_path: Path) -> None:
    make(shell, "registrations", ME)
    out = tmp_path / "1.csv"
    assert main(["handover", "download", "1", "--out", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert main(["handover", "verify", str(out)]) == 0
    out.write_bytes(out.read_bytes().replace(b"Siti", b"Susi"))
    assert main(["handover", "verify", str(out)]) == 1


def test_an_answer_file_is_taken(shell: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(shell, "registrations", ME)
    answers = tmp_path / "answers.csv"
    answers.write_text("file,reference,verdict,member_number,reason\n1,R1,accepted,21234567890,\n")
    assert main(["handover", "answer", str(answers), "--by", ME]) == 0
    assert capsys.readouterr().out == "1 answers, 1 new\n"
    assert rows(shell, "SELECT state FROM registrations") == [{"state": "confirmed"}]


def test_the_problems_of_an_answer_file_are_printed_with_their_lines(
    shell: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(shell, "registrations", ME)
    answers = tmp_path / "answers.csv"
    answers.write_text("file,reference,verdict,member_number,reason\n1,R1,accepted,12,\n1,R9,refused,,age\n")
    assert main(["handover", "answer", str(answers), "--by", ME]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "answers.csv:2: member_number: `12` is no member number: 10 or 11 digits",
        "answers.csv:3: reference: file 1 has no row `R9`",
        "2 problems: nothing was changed",
    ]


@pytest.mark.usefixtures("shell")
def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handover", "download", "9", "--out", str(tmp_path / "9.csv")]) == 1
    assert main(["handover", "remitted", "9", "--reference", "BNI-1"]) == 1
    assert main(["handover", "answer", str(tmp_path / "nowhere.csv"), "--by", ME]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in said] == [
        "there is no file 9",
        "there is no file 9 of contributions",
        "[Errno 2] No such file or directory",
    ]


def test_money_of_a_refused_month_that_came_back_is_written_down_and_listed(
    shell: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    member = a_paid_member(shell, nik=a_nik(4), phone="+6281290000004")
    make(shell, "contributions", ME)
    reference, answers = f"C{member.id}-202611", tmp_path / "answers.csv"
    answers.write_text(f"file,reference,verdict,member_number,reason\n1,{reference},refused,,wrong sum\n")
    assert main(["handover", "remitted", "1", "--reference", "BNI-1"]) == 0
    assert main(["handover", "answer", str(answers), "--by", ME]) == 0
    assert main(["handover", "returned", "1", reference]) == 1
    assert main(["handover", "returned", "1", reference, "--reference", "BNI-9"]) == 0
    assert main(["handover", "returned", "1"]) == 1
    assert main(["handover", "list"]) == 0
    said = capsys.readouterr()
    assert said.err == "file 1 was transferred: name the bank's reference of what came back\n" * 2
    assert said.out.splitlines()[-2] == "file 1: the money of 1 refused months is with us again"
    assert "transferred as BNI-1, Rp8.400 refused (Rp8.400 of it with us again)" in said.out.splitlines()[-1]
