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
