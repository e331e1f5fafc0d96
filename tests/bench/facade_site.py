"""WSGI applications that the facade's benchmarks run under gunicorn, and the URLs of the peer."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import re_path

from strangler.facade.wsgi import Facade

bare = get_wsgi_application()
wrapped = Facade(bare)


def _peer_urls() -> list:
    from revproxy.views import ProxyView  # noqa: PLC0415 - only the peer's process has it

    return [re_path(r"^(?P<path>.*)$", ProxyView.as_view(upstream=os.environ["BENCH_UPSTREAM"]))]


urlpatterns = _peer_urls() if os.environ["BENCH_URLCONF"] == __name__ else []
