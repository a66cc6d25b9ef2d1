"""Every conversation in tests/dialogues comes out as it is written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversations import replay
from ussd_app.runtime import Runtime

FILES = sorted((Path(__file__).parent / "dialogues").glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_conversation_comes_out_as_it_is_written(rt: Runtime, file: Path, request: pytest.FixtureRequest) -> None:
    written = file.read_text(encoding="utf-8")
    real = replay(rt, written)
    if request.config.getoption("--update"):
        file.write_text(real, encoding="utf-8")
    assert real == file.read_text(encoding="utf-8")
