"""Somebody calls the office: found by name, what happened to them looked at, helped, and given a card. In Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import Chromium
from tests.service import Service, a_nik, until
from tests.test_admin_desk_page import EMAIL, PASSWORD, a_page, fits
from tests.test_simulator_page import QUIET, SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]
PHONE = "+6281290001234"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service in which Siti has enrolled by dialling."""
    place = tmp_path_factory.mktemp("people") / "var"
    with Service(place, ADMIN_EMAIL=EMAIL, ADMIN_PASSWORD=PASSWORD) as running:
        phone = running.phone(PHONE)
        phone.dial("*777#")
        for said in ("1", a_nik(77), "05081988", "Siti Aminah", "1", "1", "2", "1"):
            phone.answer(said)
        until(lambda: running.messages(PHONE))
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=QUIET)
        yield browser
        browser.close()


@pytest.mark.parametrize("small", [False, True])
def test_somebody_who_calls_is_found_understood_and_helped(browser: Browser, service: Service, small: bool) -> None:
    wrong: list[str] = []
    page = a_page(browser, service, wrong, small=small)
    page.get_by_label("Alamat e-mail").fill(EMAIL)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    if small:
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Peserta", exact=True).click()
    page.get_by_label("Cari orang").fill("amin sit")
    page.get_by_role("button", name="Cari").click()
    page.get_by_role("link", name="S*** A***").click()
    page.get_by_role("link", name="Riwayat").click()
    expect(page.get_by_test_id("events")).to_contain_text("Persetujuan")
    assert fits(page)

    page.get_by_role("link", name="Putar ulang").first.click()
    expect(page.locator(".tiny-screen").first).to_contain_text("1. Daftar")
    assert fits(page)

    page.get_by_role("link", name="Bantu").click()
    texts = page.locator("form[action$='/stop']")
    texts.get_by_label("Hentikan").select_option("education" if small else "reminders")
    texts.get_by_label("Selama").select_option("4")
    texts.get_by_label("Alasan").fill("sedang panen")
    texts.get_by_role("button", name="Hentikan").click()
    expect(page.get_by_role("status")).to_have_text("SMS dihentikan.")
    assert fits(page)

    page.get_by_role("link", name="Kartu cetak").click()
    page.get_by_role("button", name="Tampilkan untuk dicetak").click()
    expect(page.get_by_role("button", name="Cetak")).to_be_visible()
    expect(page.locator(".member-card")).to_contain_text("Siti Aminah")
    card = page.locator(".member-card")
    assert card.evaluate("card => card.scrollHeight <= card.clientHeight + 1"), "the card is cut off"
    assert fits(page)
    assert wrong == []
    page.context.close()
