"""The desk's page of jobs: queues, workers, and what failed, with its cause in words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.builders import an_sms
from tests.office import noted, page_of, signed_in
from tests.work import a_failed_job
from ussd_app import queues
from ussd_app.queues import Failed, Queues
from ussd_app.runtime import Runtime
from ussd_app.services import failed_jobs
from ussd_app.storage.redis import connect
from ussd_app.web.admin import words


def test_a_job_that_failed_is_shown_with_its_cause_and_tried_again(rt: Runtime) -> None:
    a_failed_job(rt)
    desk = signed_in(rt, "operator")
    page = desk.get("/jobs").text
    assert "Membukukan pembayaran no number" in page
    assert "Kesalahan program" in page
    found = re.search(r"/admin(/jobs/[\w-]+/retry)", page)
    assert found
    assert page_of(desk.post(found[1], on="/jobs")) == "/jobs"
    assert rt.queues.length(queues.PAYMENTS) == 1
    assert "Tidak ada yang gagal" in desk.get("/jobs").text
    assert noted(rt, "job.retried") == ["operator@kantor.id: workers.payments.post_payment no number"]


def test_a_job_is_discarded_once(rt: Runtime) -> None:
    a_failed_job(rt)
    desk = signed_in(rt, "operator")
    found = re.search(r"/admin(/jobs/[\w-]+/discard)", desk.get("/jobs").text)
    assert found
    for _ in range(2):
        desk.post(found[1], on="/jobs")
    assert "sudah diurus orang lain" in desk.get("/jobs").text
    assert rt.queues.failed(queues.PAYMENTS, 10) == []
    assert rt.queues.length(queues.PAYMENTS) == 0
    assert len(noted(rt, "job.discarded")) == 1


def test_what_a_job_said_tells_nobodys_number(rt: Runtime) -> None:
    a_failed_job(rt, "+6281234567890 3174054508880003")
    page = signed_in(rt).get("/jobs").text
    assert "3174054508880003" not in page
    assert "+6281234567890" not in page


def test_failures_are_paged_and_shown_by_queue(rt: Runtime) -> None:
    for number in range(failed_jobs.PAGE + 2):
        a_failed_job(rt, f"no number {number}")
    desk = signed_in(rt)
    first, second = (
        desk.get("/jobs?queue=payments").text,
        desk.get(f"/jobs?queue=payments&after={failed_jobs.PAGE}").text,
    )
    assert [page.count("Coba lagi") for page in (first, second)] == [failed_jobs.PAGE, 2]
    assert "Tidak ada yang gagal" in desk.get("/jobs?queue=registration").text
    assert desk.get("/jobs?after=-3&queue=nothing").status_code == 200


def test_a_queue_that_nobody_works_on_says_so(rt: Runtime) -> None:
    an_sms(rt)
    rt.queues.enqueue(queues.RELAY, "urgent")
    assert "Tidak ada proses" in signed_in(rt).get("/jobs").text


def test_where_redis_is_away_the_page_says_that_nothing_is_lost(rt: Runtime) -> None:
    away = replace(rt, queues=Queues(connect("redis://127.0.0.1:1/0")))
    answer = signed_in(away).get("/jobs")
    assert answer.status_code == 503
    assert "tetap aman di basis data" in answer.text


TRACE = "Traceback (most recent call last):\n  File x\n"


@pytest.mark.parametrize(
    ("trace", "cause"),
    [
        (f"{TRACE}KeyError: 1\n\n{TRACE}sqlalchemy.exc.OperationalError: no\nCONTEXT: x\n[SQL: SELECT 1]", "database"),
        (f"{TRACE}ussd_app.errors.GatewayTemporary: HTTP 500", "company"),
        ("rq.timeouts.JobTimeoutException: Task exceeded maximum timeout value (120 seconds)", "slow"),
        (f"{TRACE}KeyError: 'x'", "code"),
        ("", "code"),
    ],
)
def test_the_cause_of_a_failure_is_the_last_exception_of_its_trace(trace: str, cause: str) -> None:
    assert failed_jobs.cause(Failed("1", "workers.x", "payments", (), None, trace)) == cause


@pytest.mark.parametrize("job", [*queues.QUEUE_OF, queues.RELAY])
def test_every_job_has_a_name_in_words(job: str) -> None:
    assert words.knows("job." + job.removeprefix("workers.").replace(".", "_"))


@pytest.mark.parametrize("queue", queues.QUEUES)
def test_every_queue_has_a_name_in_words(queue: str) -> None:
    assert words.knows("queue." + queue.replace("-", "_"))


def test_every_cause_has_words() -> None:
    assert all(words.knows(f"job_cause.{cause}") for cause in {*failed_jobs._CAUSES.values(), "code"})
