"""A campaign in Chromium, against the running service: put together with the count beside it, started, followed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import Chromium
from tests.service import Service
from tests.test_admin_desk_page import EMAIL, PASSWORD, a_page, fits
from tests.test_simulator_page import QUIET, SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]
PEOPLE = 12


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with a dozen members, whose first admin is known."""
    place = tmp_path_factory.mktemp("campaigns") / "var"
    with Service(place, ADMIN_EMAIL=EMAIL, ADMIN_PASSWORD=PASSWORD) as running:
        running.rows(
            "INSERT INTO members (nik_index, nik, province, name, born, phone, language, zone, workplace, created_at) "
            "SELECT 'i' || n, '', '31', 'Budi', '1988-08-05', '+62812900000' || (10 + n), "
            "CASE WHEN n <= 4 THEN 'jv' ELSE 'id' END, 'Asia/Jakarta', 'Jakarta', now() "
            "FROM generate_series(1, %(people)s) n RETURNING id",
            {"people": PEOPLE},
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


def sign_in(page: Page) -> None:
    """Enter the desk."""
    page.get_by_label("Alamat e-mail").fill(EMAIL)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()


@pytest.mark.parametrize("small", [False, True])
def test_a_campaign_is_put_together_counted_started_and_followed(
    browser: Browser, service: Service, small: bool
) -> None:
    wrong: list[str] = []
    page = a_page(browser, service, wrong, small=small)
    sign_in(page)
    page.goto(f"{service.url}/admin/campaigns/new")
    count = page.locator("#count")
    expect(count).to_have_text(f"{PEOPLE} orang")
    page.get_by_label("Tambah syarat").select_option("languages")
    page.get_by_role("button", name="Tambah", exact=True).click()
    page.get_by_label("Bahasa Jawa", exact=True).and_(page.locator("input")).check()
    expect(count).to_have_text("4 orang")
    page.locator("#is_languages").select_option("not_in")
    expect(count).to_have_text("8 orang")

    page.get_by_label("Nama pendek").fill("kecil" if small else "besar")
    text = page.locator("#text_A_id")
    text.fill("Halo ")
    page.get_by_role("button", name="{name|cut:12}").click()
    text.press_sequentially(", kecelakaan kerja ditanggung.")
    expect(page.locator("#bubble")).to_have_text(re.compile("^Halo Siti Aminah, kecelakaan kerja ditanggung"))
    text.fill("a" * 150)
    expect(page.locator("[data-trouble]").first).to_contain_text("Terlalu panjang")
    text.fill("Kecelakaan kerja ditanggung. Info {dial}")
    expect(page.locator("[data-trouble]").first).to_be_hidden()
    page.get_by_label("Tidak disurati, untuk perbandingan (%)").fill("0")
    assert fits(page)

    page.get_by_role("button", name="Simpan kampanye").click()
    page.get_by_role("button", name="Hitung orang dan biaya").click()
    expect(page.get_by_test_id("people")).to_have_text("8")
    expect(page.get_by_test_id("cost")).to_have_text("Rp2.800")
    page.get_by_label("Ketik jumlahnya").fill("2800")
    assert fits(page)
    page.get_by_role("button", name="Mulai kampanye").click()
    expect(page.get_by_text(re.compile(r"\d dari 8 orang"))).to_be_visible()
    page.get_by_role("button", name="Berhenti sementara").click()
    expect(page.get_by_text("Kampanye berhenti sementara")).to_be_visible()
    expect(page.get_by_role("button", name="Lanjutkan")).to_be_visible()
    assert fits(page)
    assert wrong == []
    page.context.close()


def test_without_its_scripts_the_form_shows_every_condition_and_keeps_a_campaign(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="id-ID")
    page = context.new_page()
    page.goto(f"{service.url}/admin/")
    sign_in(page)
    page.goto(f"{service.url}/admin/campaigns/new")
    for name in ("Program", "Provinsi", "Dibayari donatur"):
        expect(page.get_by_role("group", name=name, exact=True).first).to_be_visible()
    page.get_by_label("Nama pendek").fill("tanpa skrip")
    page.locator("#text_A_id").fill("Info {dial}")
    page.get_by_role("button", name="Simpan kampanye").click()
    expect(page.get_by_role("button", name="Hitung orang dan biaya")).to_be_visible()
    context.close()
