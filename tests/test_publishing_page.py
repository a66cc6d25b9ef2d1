"""A change goes from one person's draft to everybody's phone and back, in Chromium against the running service."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect, sync_playwright

from tests.conftest import MENUS, Chromium
from tests.office import HASHED, PASSWORD
from tests.service import Service
from tests.test_simulator_page import DESKTOP, QUIET, SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]
OWNER, EDI, PUTU = "owner@kantor.id", "edi@kantor.id", "putu@kantor.id"
OLD, NEW = "Jaminan kecelakaan kerja & kematian, bukan sakit", "Perlindungan kecelakaan kerja & kematian"
# A proof walks more than a thousand states, and other tests run on this machine meanwhile. Milliseconds.
PROOF = 180_000
# Seconds. What is promised is one; the click, the check of the whole menu and a busy machine are in this.
AT_ONCE = 10.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with somebody who edits and somebody who publishes."""
    place = tmp_path_factory.mktemp("publishing") / "var"
    with Service(place, ADMIN_EMAIL=OWNER, ADMIN_PASSWORD=PASSWORD) as running:
        for email, name, role in ((EDI, "Edi Susanto", "editor"), (PUTU, "Putu Ayu", "publisher")):
            running.rows(
                "INSERT INTO admins (email, name, role, password_hash, created_at) "
                "VALUES (%(email)s, %(name)s, %(role)s, %(hash)s, now()) RETURNING id",
                {"email": email, "name": name, "role": role, "hash": HASHED},
            )
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=QUIET)
        yield browser
        browser.close()


def signed_in(browser: Browser, service: Service, email: str) -> BrowserContext:
    """A browser in which somebody is signed in."""
    context = browser.new_context(viewport=DESKTOP, locale="id-ID")  # type: ignore[arg-type]
    context.set_default_timeout(SECONDS)
    page = context.new_page()
    page.goto(f"{service.url}/admin/sign-in")
    page.get_by_label("Alamat e-mail").fill(email)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.close()
    return context


def opened(context: BrowserContext, service: Service, address: str, wrong: list[str]) -> Page:
    """A page of the desk; what the browser complains of is kept in `wrong`."""
    page = context.new_page()
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{service.url}/admin{address}")
    return page


def seconds_until(dialled: Callable[[], str], words: str) -> float:
    """How long it takes until somebody who dials sees these words."""
    begun = time.monotonic()
    while words not in dialled():
        assert time.monotonic() - begun < AT_ONCE, f"nobody sees {words} within {AT_ONCE:.0f} seconds"
    return time.monotonic() - begun


def test_what_one_edits_another_publishes_and_takes_back_while_a_call_goes_on(
    browser: Browser, service: Service, record_property: Callable[[str, object], None]
) -> None:
    wrong: list[str] = []
    numbers = iter(range(100, 999))

    def dialled() -> str:
        return service.phone(f"+6281299000{next(numbers)}").dial().text

    edi = opened(signed_in(browser, service, EDI), service, "/menus/main/history", wrong)
    changed = (MENUS / "main.yaml").read_text(encoding="utf-8").replace(OLD, NEW, 1)
    edi.get_by_label("Nama draf").fill("Kalimat pembuka")
    file = FilePayload(name="main.yaml", mimeType="application/yaml", buffer=changed.encode())
    edi.get_by_label("Berkas .yaml atau .zip").set_input_files([file])
    edi.get_by_role("button", name="Buat draf").click()
    shown = edi.get_by_role("group", name="Bahasa Indonesia").locator(".glass")
    expect(shown).to_have_text([re.compile(OLD), re.compile(NEW)])
    edi.get_by_role("button", name="Buktikan").click()
    expect(edi.get_by_text("Terbukti: tidak ada penelepon").first).to_be_visible(timeout=PROOF)
    expect(edi.get_by_text("Menerbitkan adalah tugas seorang penerbit")).to_be_visible()

    in_a_call = service.phone("+6281299000001")
    assert OLD in in_a_call.dial().text
    putu = opened(signed_in(browser, service, PUTU), service, edi.url.split("/admin")[1], wrong)
    expect(putu.get_by_text("Anda tidak mengubah draf ini")).to_be_visible()
    putu.get_by_label("Apa yang baru?").fill("Kalimat pembuka lebih jelas")
    putu.get_by_role("button", name="Terbitkan draf ini").click(no_wait_after=True)
    record_property("seconds_from_publishing_to_a_new_dial", seconds_until(dialled, NEW))
    expect(putu.get_by_text("Versi 2 berlaku sekarang")).to_be_visible()

    in_a_call.answer("2")
    assert OLD in in_a_call.answer("0").text
    on_the_new_one = service.phone("+6281299000002")
    assert NEW in on_the_new_one.dial().text

    putu.locator("summary", has_text="Kembali ke versi ini 1").click()
    putu.get_by_role("button", name="Ya, kembali ke versi 1").click(no_wait_after=True)
    record_property("seconds_from_taking_back_to_a_new_dial", seconds_until(dialled, OLD))
    expect(putu.get_by_text("Versi 3 berlaku sekarang, dengan isi versi 1")).to_be_visible()
    on_the_new_one.answer("2")
    assert NEW in on_the_new_one.answer("0").text
    assert wrong == []


def edited(page: Page, text: str) -> None:
    """Type an Indonesian text and wait until it is in the draft."""
    page.get_by_label("Bahasa Indonesia").fill(text)
    expect(page.get_by_text("Tersimpan dalam draf.")).to_be_visible()


def test_an_sms_is_worded_without_losing_a_letter_and_published_by_another(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    context = signed_in(browser, service, EDI)
    edi = opened(context, service, "/messages?q=help_sms", wrong)
    edi.get_by_role("button", name="Ubah Bantuan lewat SMS").click()
    form = edi.url
    field, told = edi.get_by_label("Bahasa Indonesia"), edi.locator("#look-id")
    field.fill("Bantuan 👍 {dial}")
    expect(told).to_contain_text("thumbs up sign")
    expect(told).to_contain_text("UCS-2")
    field.fill("Bantuan: ")
    edi.locator("[data-insert='{dial}']").click()
    expect(field).to_have_value("Bantuan: {dial}")
    expect(told).to_contain_text("GSM-7")
    expect(told).to_contain_text("Bantuan: *777#")
    expect(edi.get_by_text("Tersimpan dalam draf.")).to_be_visible()

    context.set_offline(True)
    field.fill("Bantuan tanpa jaringan: {dial}")
    expect(edi.get_by_text("tidak ada sambungan")).to_be_visible()
    context.set_offline(False)
    expect(edi.get_by_text("Tersimpan dalam draf.")).to_be_visible()
    assert all("ERR_INTERNET_DISCONNECTED" in one for one in wrong), wrong

    context.set_offline(True)
    field.fill("Bantuan: tekan {dial}")
    edi.close()
    context.set_offline(False)
    again = opened(context, service, form.split("/admin")[1], wrong)
    expect(again.get_by_label("Bahasa Indonesia")).to_have_value("Bantuan: tekan {dial}")
    expect(again.get_by_text("Tersimpan dalam draf.")).to_be_visible()

    review = f"{form.split('/admin')[1].split('/texts')[0]}/review"
    putu = opened(signed_in(browser, service, PUTU), service, review, wrong)
    expect(putu.locator(".bubble").last).to_have_text("Bantuan: tekan *777#")
    putu.get_by_label("Apa yang baru?").fill("lebih singkat")
    putu.get_by_role("button", name="Terbitkan draf ini").click()
    expect(putu.get_by_text("Versi 2 berlaku sekarang")).to_be_visible()


def test_who_has_edited_a_draft_is_not_offered_to_publish_it(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    putu = opened(signed_in(browser, service, PUTU), service, "/messages?q=sms_dial", wrong)
    putu.get_by_role("button", name="Ubah Tidak bisa lewat SMS").click()
    edited(putu, "Tekan {dial}")
    putu.get_by_role("link", name="Tinjau dan terbitkan").click()
    expect(putu.get_by_text("orang lain yang harus menerbitkannya")).to_be_visible()
    expect(putu.get_by_role("button", name="Terbitkan draf ini")).to_have_count(0)
    assert wrong == []
