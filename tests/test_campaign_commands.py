"""The commands for campaigns, as they are typed, and the whole way to a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import count, execute, rows
from tests.campaigns import ME, a_file, many_members
from tests.work import work
from ussd_app import queues
from ussd_app.__main__ import main
from ussd_app.runtime import Runtime


@pytest.fixture
def shell(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house with ten members, and a shell whose environment leads to it."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(rt.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    many_members(rt, 10)
    return rt


def say(*words: str) -> int:
    return main(["campaigns", *words])


@pytest.fixture
def kept(shell: Runtime, tmp_path: Path) -> Runtime:
    """The same, with a campaign called `tahu`."""
    file = tmp_path / "tahu.yaml"
    file.write_text(a_file())
    assert say("new", str(file), "--by", ME) == 0
    return shell


@pytest.mark.usefixtures("shell")
def test_a_mistake_is_told_with_file_line_and_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "name: tahu\ntopic: news\nsend_at: 2026-11-23 09:00\nvariants:\n  - name: A\n    texts: {id: Halo}\n"
    )
    assert say("new", str(file), "--by", ME) == 1
    assert capsys.readouterr().err.startswith(f"{file}:2: topic: Input should be 'education' or 'announcement'")


@pytest.mark.usefixtures("shell")
def test_a_file_that_is_not_there_and_a_campaign_nobody_made_are_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert say("new", "/nowhere.yaml", "--by", ME) == 1
    assert say("status", "nobody") == 1
    missing, unknown = capsys.readouterr().err.splitlines()
    assert missing.startswith("/nowhere.yaml cannot be read")
    assert unknown == "there is no campaign called nobody"


@pytest.mark.usefixtures("kept")
def test_a_dry_run_is_read_in_four_lines(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert say("dry-run", "tahu") == 0
    assert capsys.readouterr().out.splitlines() == [
        "A id: 10 people, 10 segments, 1 calls (the same for all, calls are shared)",
        "held out: 0 people",
        "in all: 10 texts, Rp3,500, 0 minutes at full pace",
    ]


def test_a_test_to_what_is_no_number_sends_nothing(kept: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("test", "tahu", "--by", ME, "--to", "081234567890", "12") == 1
    assert "not all of these are phone numbers" in capsys.readouterr().err
    assert say("test", "tahu", "--by", ME, "--to", "081234567890") == 0
    assert count(kept, "outbox") == 1


def test_a_campaign_goes_from_its_file_to_ten_phones(kept: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("start", "tahu", "--by", ME) == 0
    work(kept)
    kept.queues.enqueue(queues.RELEASE_CAMPAIGNS)
    work(kept)
    execute(kept, "UPDATE outbox SET state = 'delivered'")
    capsys.readouterr()
    assert say("status", "tahu") == 0
    line, texts, *events = capsys.readouterr().out.splitlines()
    assert line.startswith("tahu done [####################] 100%, 10 of 10 people")
    assert texts == "texts: 10 delivered"
    told = {event.split("  ")[1] for event in events}
    assert told == {f"made by {ME}", f"started by {ME}", "done by the service"}
    assert say("results", "tahu") == 0
    assert capsys.readouterr().out.splitlines()[0] == "A: 10 delivered"


def test_pause_resume_and_cancel_say_what_they_did(kept: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    say("start", "tahu", "--by", ME)
    for word in ("pause", "resume", "cancel"):
        capsys.readouterr()
        assert say(word, "tahu", "--by", ME) == 0
        assert capsys.readouterr().out.startswith("tahu ")
    assert say("resume", "tahu", "--by", ME) == 1
    assert capsys.readouterr().err == "tahu is cancelled: only one that is paused can be resumed\n"
    assert rows(kept, "SELECT what FROM campaign_events ORDER BY at, what")
    assert say("list") == 0
    assert capsys.readouterr().out == "tahu: cancelled, from 2026-11-22 08:00 WIB\n"
