from monolith.journey import pages

GALLERY = """
<form><input type="hidden" name="csrfmiddlewaretoken" value="secret"></form>
<img src="/logo.svg" alt="Halftone">
<img src="/m/640.jpg" srcset="/m/160.jpg 160w, /m/640.jpg 640w" alt="dogs &amp; cats">
<a rel="next" href="?page=2">Older</a>
"""


def test_token_photos_and_next_page_are_read():
    page = pages.read(GALLERY)
    assert page.token == "secret"
    assert page.photos == [pages.Shown("dogs & cats", ("/m/160.jpg", "/m/640.jpg"))]
    assert page.has_next


def test_an_empty_page_has_nothing():
    assert pages.read("<p>No photos yet</p>") == pages.Page()


REPORT = """
<p class="as-of is-stale" role="status">As of 24 Nov 2026 12:00:00 UTC, 2 min behind the shop</p>
<p>Nobody else.</p>
<table><thead><tr><th>Customer</th><th>Revenue</th></tr></thead>
<tr><td>ann &amp; <b>ben</b></td><td class="number">
  £1,200.00</td></tr></table>
"""


def test_a_report_has_cells_and_says_how_fresh_they_are():
    page = pages.read(REPORT)
    assert page.cells == ["ann & ben", "£1,200.00"]
    assert page.as_of == "24 Nov 2026 12:00:00 UTC, 2 min behind the shop"
    assert page.is_stale


def test_a_fresh_report_is_not_stale():
    page = pages.read('<p class="as-of">As of 24 Nov 2026 12:00:00 UTC</p>')
    assert (page.as_of, page.is_stale) == ("24 Nov 2026 12:00:00 UTC", False)
