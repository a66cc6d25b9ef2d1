"""A change goes from one person's draft to everybody's phone and back, in Chromium against the running service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import Chromium
from tests.office import HASHED, PASSWORD
from tests.service import THANKS, Service, a_nik, answer_to
from tests.test_simulator_page import DESKTOP, QUIET, SECONDS, SMALL
from ussd_app.phone import Phone, Screen

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]
OWNER, EDI, PUTU = "owner@kantor.id", "edi@kantor.id", "putu@kantor.id"
OLD, NEW = "3. Bantuan", "3. Tanya"
HELP = "Telepon 175"
ASKED = {
    "id": "Siapa nama panggilan Anda?",
    "en": "What do people call you?",
    "jv": "Sinten asma celukan panjenengan ? " * 5,
    "su": "Saha nenehan Anjeun?",
}
MENDED = "Sinten asma panjenengan?"
# A proof walks more than a thousand states, and other tests run on this machine meanwhile. Milliseconds.
PROOF = 180_000
# Seconds. A busy machine takes this long for a click, the check of the whole menu, and a dial.
PATIENCE = 20.0
# Seconds, as the page of publishing promises.
AT_ONCE = 1.0


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


class Watch:
    """The seconds each step of the story takes, told at its end."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, step: str) -> None:
        """A step ends here, and the next begins."""
        now = time.monotonic()
        self.steps[step], self._since = now - self._since, now

    def told(self) -> str:
        """Every step on a line of its own."""
        return "\n".join(f"{seconds:6.2f} s  {step}" for step, seconds in self.steps.items())


def drafted(edi: Page, title: str) -> None:
    """A draft of the menu that everybody dials, with its first screen open."""
    edi.get_by_label("Untuk apa draf ini").first.wait_for()
    form = edi.locator("form", has=edi.locator("#title-main"))
    form.get_by_label("Untuk apa draf ini").fill(title)
    form.get_by_role("button", name="Buat draf").click()
    expect(edi.get_by_role("heading", level=1)).to_contain_text(title)
    edi.get_by_label("Cari layar").fill("Bantuan")
    edi.get_by_role("link", name="Jaminan kecelakaan kerja & kematian, bukan sakit").click()
    expect(edi.locator(".me-handset")).to_contain_text(OLD)


def redirected(edi: Page) -> None:
    """The third choice has other words, and leads to a screen that was not there before."""
    edi.locator("#f-choices-3-label-id").fill(NEW.removeprefix("3. "))
    expect(edi.locator(".me-handset")).to_contain_text(NEW)
    edi.locator("#f-choices-3-go").select_option("+")
    edi.locator("#f-choices-3-go-new").fill(ASKED["id"])
    edi.keyboard.press("Tab")
    edi.get_by_role("link", name="Buka siapa_nama_panggilan_anda").click()
    expect(edi.get_by_role("heading", name="siapa_nama_panggilan_anda")).to_be_visible()


def asked(edi: Page) -> None:
    """The new screen asks for a name, keeps it, and goes on to the help."""
    edi.get_by_text("Panggilan selesai di sini").click()
    edi.locator("#become-check").select_option("name")
    edi.locator("#become-keep").fill("nickname")
    edi.locator("#become-go").select_option("help")
    edi.get_by_role("button", name="Pakai jenis ini").click()
    expect(edi.locator("#f-ask-check")).to_have_value("name")


def translated(edi: Page) -> float:
    """The question in four languages; the seconds from the last letter until the one that is too long is flagged."""
    for language in ("id", "en", "su", "jv"):
        edi.locator(f"#f-text-{language}").fill(ASKED[language])
    seconds = seconds_to(edi, "Bahasa Jawa: terlalu panjang")
    expect(edi.locator('[data-room="jv"]')).to_contain_text("kelebihan")
    expect(edi.locator('[data-room="su"]')).to_contain_text("sisa")
    return seconds


def mended(edi: Page) -> float:
    """The problem leads to its field, and is gone once the text is short; the seconds from the last letter."""
    edi.locator("#beside").get_by_role("link", name="Bahasa Jawa: terlalu panjang").click()
    expect(edi.locator("#f-text-jv")).to_be_focused()
    edi.keyboard.press("ControlOrMeta+A")
    edi.keyboard.type(MENDED)
    seconds = seconds_to(edi, "Layar ini baik.")
    expect(edi.locator("#saved")).to_have_text("Tersimpan")
    return seconds


def seconds_to(page: Page, words: str) -> float:
    """How long it takes until the page says these words beside the form, looked for with every frame it draws."""
    begun = time.monotonic()
    page.evaluate(
        """words => new Promise(done => {
            const look = () => document.getElementById("beside").textContent.includes(words)
                ? done() : requestAnimationFrame(look);
            look();
        })""",
        words,
    )
    return time.monotonic() - begun


def proved(edi: Page) -> None:
    """The draft is walked through as all callers would; an editor is not offered to publish it."""
    edi.get_by_role("link", name="Periksa & terbitkan").click()
    edi.get_by_role("button", name="Buktikan").click()
    expect(edi.get_by_text("Terbukti: tidak ada penelepon").first).to_be_visible(timeout=PROOF)


def published(putu: Page) -> None:
    """Somebody who did not edit the draft says what is new and publishes it."""
    expect(putu.get_by_text("Anda tidak mengubah draf ini")).to_be_visible()
    putu.get_by_label("Apa yang baru?").fill("Bantuan menanyakan nama dulu")
    putu.get_by_role("button", name="Terbitkan draf ini").click(no_wait_after=True)


def taken_back(putu: Page) -> None:
    """Two clicks: the first says what will happen, the second does it."""
    putu.locator("summary", has_text="Kembali ke versi ini 1").click()
    putu.get_by_role("button", name="Ya, kembali ke versi 1").click(no_wait_after=True)


def seconds_from(service: Service, version: int, dialled: Callable[[], str], words: str) -> float:
    """Dial until somebody sees these words: how long after that version was published one still did not."""
    begun, last = time.monotonic(), 0.0
    while True:
        now = time.time()
        if words in dialled():
            break
        assert time.monotonic() - begun < PATIENCE, f"nobody sees {words} within {PATIENCE:.0f} seconds"
        last = now
    found = service.rows(
        "SELECT extract(epoch FROM published_at)::float AS at FROM document_versions "
        "WHERE name = 'main' AND version = %(version)s",
        {"version": version},
    )
    return max(0.0, last - float(found[0]["at"]))


def finished(phone: Phone, screen: Screen) -> str:
    """Answer every question up to the end; what stands on the last screen."""
    while screen.open:
        screen = phone.answer(answer_to(screen, a_nik(7)))
    return screen.text


def fits_a_phone(page: Page) -> bool:
    """Whether nothing is wider than a page of 360 px, with all that can be unfolded unfolded."""
    page.set_viewport_size({"width": SMALL["width"], "height": SMALL["height"]})
    fits = page.evaluate(
        """() => {
            const folded = [...document.querySelectorAll("main details:not([open])")];
            for (const one of folded) one.open = true;
            const fits = document.documentElement.scrollWidth <= window.innerWidth;
            for (const one of folded) one.open = false;
            return fits;
        }"""
    )
    page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    return bool(fits)


def test_what_one_edits_in_forms_another_publishes_and_takes_back_while_a_call_goes_on(
    browser: Browser, service: Service, record_property: Callable[[str, object], None]
) -> None:
    wrong: list[str] = []
    numbers = iter(range(100, 999))

    def dialled() -> str:
        return service.phone(f"+6281299000{next(numbers)}").dial().text

    watch = Watch()
    edi = opened(signed_in(browser, service, EDI), service, "/menus", wrong)
    watch.lap("an editor signs in")
    drafted(edi, "Tanya nama dulu")
    watch.lap("makes a draft and finds the screen")
    redirected(edi)
    watch.lap("changes a choice, which leads to a new screen")
    asked(edi)
    watch.lap("makes it a question")
    flagged = translated(edi)
    watch.lap("writes it in four languages and sees what is too long")
    watch.steps["  of this waited for the problem to show"] = flagged
    assert fits_a_phone(edi)
    gone = mended(edi)
    watch.lap("mends it")
    watch.steps["  of this waited for the problem to go"] = gone
    proved(edi)
    watch.lap("has it proved")
    expect(edi.get_by_text("Menerbitkan adalah tugas seorang penerbit")).to_be_visible()
    expect(edi.get_by_text("Bagian Anda selesai")).to_be_visible()
    expect(edi.get_by_role("button", name="Terbitkan")).to_have_count(0)
    assert fits_a_phone(edi)

    in_a_call = service.phone("+6281299000001")
    assert OLD in in_a_call.dial().text
    putu = opened(signed_in(browser, service, PUTU), service, edi.url.split("/admin")[1], wrong)
    watch.lap("a publisher signs in and opens the draft")
    published(putu)
    live = seconds_from(service, 2, dialled, NEW)
    assert live < AT_ONCE
    expect(putu.get_by_text("Versi 2 berlaku sekarang")).to_be_visible()
    watch.lap("publishes it")
    watch.steps["  of this the old one was still dialled"] = live

    assert HELP in in_a_call.answer("3").text
    on_the_new_one = service.phone("+6281299000002")
    assert NEW in on_the_new_one.dial().text
    assert ASKED["id"] in on_the_new_one.answer("3").text
    assert OLD in in_a_call.answer("3").text
    assert finished(in_a_call, in_a_call.answer("1")).startswith(THANKS)
    watch.lap("a call that began before ends as it began")

    assert fits_a_phone(putu)
    taken_back(putu)
    back = seconds_from(service, 3, dialled, OLD)
    assert back < AT_ONCE
    expect(putu.get_by_text("Versi 3 berlaku sekarang, dengan isi versi 1")).to_be_visible()
    watch.lap("the publisher takes it back")
    watch.steps["  of this it was still dialled"] = back
    assert HELP in on_the_new_one.answer("Siti").text

    for step, seconds in watch.steps.items():
        record_property(step.strip(), round(seconds, 2))
    print(f"\n{watch.told()}")  # noqa: T201
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
