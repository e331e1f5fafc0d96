"""Upload → progress → gallery in a real browser: the page must do by itself what the person expects."""

import re
import secrets

import pytest
from playwright.sync_api import expect, sync_playwright

from monolith.journey.pictures import FOLDER, Photograph
from monolith.journey.visitor import PASSWORD, Visitor

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FILES = ["dogs.jpg", "coffee.png", "fig.png"]
PATIENCE_MS = 30_000

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def chromium(chromium_path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, shop):
    """Open a page of the shop in a browser of its own, logged in as a customer of its own."""
    contexts, errors = [], []

    def open_page(path, **options):
        name = f"visitor-{secrets.token_hex(4)}"
        assert Visitor(shop.url, name=name).register().is_done
        contexts.append(chromium.new_context(base_url=shop.url, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"/account/login/?next={path}")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"**{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == [], "no script of the pages may fail"


def upload(page, names=FILES):
    page.get_by_label("Choose one or many photos").set_input_files([FOLDER / name for name in names])
    page.get_by_role("button", name="Upload").click()


def assert_grid_shows(page, names=FILES):
    pictures = page.locator("#photo-grid img")
    expect(pictures).to_have_count(len(names), timeout=PATIENCE_MS)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        picture.evaluate("image => image.decode()")
        assert picture.evaluate("image => image.naturalWidth") > 0
    titles = {Photograph(name, b"").title for name in names}
    assert {picture.get_attribute("alt") for picture in pictures.all()} == titles


def test_with_the_service_live_progress_is_shown_and_turns_into_pictures(open_page, rollout):
    rollout("live")
    page = open_page("/photos/upload/")
    upload(page)
    page.wait_for_url(re.compile(r"/photos/\?upload=[0-9a-f-]{36}$"))
    expect(page.locator(".upload-row")).to_have_count(len(FILES), timeout=PATIENCE_MS)
    assert set(page.locator(".upload-name").all_inner_texts()) == set(FILES)
    expect(page.locator(".upload-state.is-ready")).to_have_count(len(FILES), timeout=PATIENCE_MS)
    assert_grid_shows(page)


def test_progress_stops_asking_when_all_is_finished(open_page, rollout):
    rollout("live")
    page = open_page("/photos/upload/")
    upload(page, ["coffee.png"])
    expect(page.locator(".upload-state.is-ready")).to_have_count(1, timeout=PATIENCE_MS)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2000)
    assert [url for url in asked if "/images/uploads/" in url] == []


def test_with_legacy_the_same_form_ends_in_the_same_gallery(open_page, rollout):
    rollout("legacy")
    page = open_page("/photos/upload/")
    upload(page)
    page.wait_for_url("**/photos/")
    assert_grid_shows(page)


@pytest.mark.parametrize("stage", ["legacy", "live"])
def test_without_javascript_the_upload_leads_to_the_gallery_too(open_page, rollout, stage):
    rollout(stage)
    page = open_page("/photos/upload/", java_script_enabled=False)
    upload(page)
    page.wait_for_url(re.compile(r"/photos/(\?upload=[0-9a-f-]{36})?$"))
    pictures = page.locator("#photo-grid img")
    for _ in range(30):  # a person without JavaScript reloads
        if pictures.count() == len(FILES):
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(pictures).to_have_count(len(FILES))


@pytest.mark.parametrize("stage", ["legacy", "live"])
def test_a_file_that_is_no_photo_is_named_in_the_form(open_page, rollout, tmp_path, stage):
    rollout(stage)
    page = open_page("/photos/upload/")
    letter = tmp_path / "letter.jpg"
    letter.write_text("This is no photograph.")
    page.get_by_label("Choose one or many photos").set_input_files(letter)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#upload-errors")).to_contain_text("letter.jpg", timeout=PATIENCE_MS)
    assert page.url.endswith("/photos/upload/")
    page.goto("/photos/")
    expect(page.locator("#photo-grid img")).to_have_count(0)
