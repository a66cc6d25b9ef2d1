"""Relays are killed while texts go by a company that fails: every text ends in a final state, none is taken twice."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator

import pytest

from tests.relay_storm import FINAL, BadDays, RelayStorm
from tests.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]

TEXTS, KILLS = 400, 3
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayStorm]:
    """The storm once it is over."""
    sys.stderr.write(f"\nSEED={SEED} repeats this storm\n")
    folder = tmp_path_factory.mktemp("storm")
    with (
        BadDays(SEED) as company,
        Service(folder / "var", AT_API_KEY="key", AT_BASE_URL=company.url, SMS_PER_SECOND="20000") as service,
    ):
        storm = RelayStorm(service, company, TEXTS, KILLS, SEED)
        storm.rage()
        yield storm


def test_relays_did_die_in_the_middle_of_calls(storm: RelayStorm) -> None:
    assert storm.killed > 0
    assert storm.interrupted


def test_every_text_has_a_final_state(storm: RelayStorm) -> None:
    states = storm.states()
    assert (set(states) - set(FINAL), sum(states.values())) == (set(), TEXTS)


def test_no_text_was_taken_twice_by_the_company(storm: RelayStorm) -> None:
    assert {text: times for text, times in storm.accepted().items() if times > 1} == {}


def test_what_counts_as_sent_was_taken(storm: RelayStorm) -> None:
    assert storm.sent() <= set(storm.accepted())


def test_only_texts_of_calls_that_were_interrupted_or_not_answered_are_unknown(storm: RelayStorm) -> None:
    assert storm.unknown() <= storm.interrupted | storm.company.troubled
