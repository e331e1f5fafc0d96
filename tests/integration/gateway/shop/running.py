"""Start the shop: gunicorn twice, nginx in front, and browsers that come through a load balancer with HTTPS."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import requests
from requests.adapters import HTTPAdapter

from monolith.journey.site import free_port
from strangler.forking import run
from tests.architecture.source import ROOT
from tests.integration.images.stack import wait_until
from tests.servers.processes import HOST as LOOPBACK
from tests.servers.processes import Nginx, PrivateServer

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = "tests.integration.gateway.shop"
HOST, ADDRESS = "shop.example", "203.0.113.7"
SITE = f"https://{HOST}"
FIRST_PORT = (
    24000  # below those that the system gives to whoever connects, so a killed server finds its own again
)
KEY = "a-signing-key-of-the-tests-of-32-characters"
PATIENCE_SECONDS = 30
SEEN = (
    "host",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
    "strangler-principal",
)
"""Headers of a request that the side behind nginx writes into its log."""


class Gunicorn(PrivateServer):
    """One side: a WSGI application as its production runs it; only whoever connects from another machine is believed."""

    name = "gunicorn"

    def __init__(self, application: str, *, environ: Mapping[str, str], port: int) -> None:
        """Remember what to run."""
        super().__init__(port=port)
        self._application = application
        self._environ = environ

    def command(self) -> list[str]:
        """Return gunicorn in the foreground."""
        seen = " ".join(f"{name}=%({{{name}}}i)s" for name in SEEN)
        options = ["--worker-class", "gthread", "--threads", "8", "--no-control-socket", "--chdir", str(ROOT)]
        # In containers nginx is another machine, and gunicorn does not know that the visitor came by HTTPS.
        options += ["--forwarded-allow-ips", "192.0.2.1", "--access-logfile", "-"]
        options += ["--access-logformat", f"%({{x-mark}}i)s {seen}"]
        address = f"{LOOPBACK}:{self.port}"
        return [sys.executable, "-m", "gunicorn", "--bind", address, *options, self._application]

    def environment(self) -> dict[str, str]:
        """Return its settings."""
        return dict(self._environ)

    def stop(self) -> None:
        """End it at once: nobody is waiting any more, and it would wait for kept connections."""
        self.kill()
        super().stop()

    def seen(self, mark: str) -> dict[str, str]:
        """Return the `SEEN` headers of the request with this `X-Mark`; `-` for one that did not come."""
        lines = wait_until(
            lambda: [each for each in self.log.read_text().splitlines() if each.startswith(f"{mark} ")]
        )
        return dict(re.findall(r"([a-z-]+)=(\S*(?:, \S+)*)", lines[0]))


class Shop:
    """The shop, its accounts service and an nginx that was rendered for them.

    Args: folder: for databases and the topology.
    """

    def __init__(self, folder: Path) -> None:
        port, monolith, accounts, status = (free_port(FIRST_PORT + 100 * number) for number in range(4))
        self.url = f"http://{LOOPBACK}:{port}"
        self._folder = folder
        self._topology(port=port, status=status, monolith=monolith, accounts=accounts)
        shared = {
            "SECRET_KEY": "s" * 50,
            "STRANGLER_SIGNING_KEYS": KEY,
            "ALLOWED_HOSTS": HOST,
            "MONOLITH_URL": f"http://{LOOPBACK}:{monolith}",
            "ACCOUNTS_URL": f"http://{LOOPBACK}:{accounts}",
            "EMAIL_URL": "smtp://127.0.0.1:1",
        }
        self._environ = {
            "monolith": {
                **shared,
                "DJANGO_SETTINGS_MODULE": f"{HERE}.monolith",
                "DATABASE_URL": f"sqlite:///{folder / 'monolith.sqlite3'}",
                "SHOP_TOPOLOGY": str(folder / "strangler.toml"),
            },
            "accounts": {
                **shared,
                "DJANGO_SETTINGS_MODULE": f"{HERE}.accounts",
                "ACCOUNTS_DATABASE_URL": f"sqlite:///{folder / 'accounts.sqlite3'}",
            },
        }
        self.monolith = Gunicorn("monolith.wsgi", environ=self._environ["monolith"], port=monolith)
        self.accounts = Gunicorn("extracted.accounts.wsgi", environ=self._environ["accounts"], port=accounts)
        self.nginx = Nginx("server { listen 127.0.0.1:@PORT@; return 204; } include conf.d/*.conf;")

    def run(self, stack: ExitStack, *, people: Mapping[str, str]) -> Self:
        """Start everything until *stack* closes, with customers who have a name and a password."""
        (self.nginx.folder / "conf.d").mkdir()
        stack.enter_context(self.nginx)
        known = " ".join(f"{name}:{password}" for name, password in people.items())
        with ThreadPoolExecutor() as pool:
            done = pool.submit(self._python, "accounts", "-m", "django", "migrate", "-v0")
            self._step("prepare", known)
            done.result()
        stack.enter_context(self.accounts)
        stack.enter_context(self.monolith)
        return self

    def move(self, stage: str) -> None:
        """Move all of login to *stage*, with nginx; every process follows."""
        self._step(stage)

    def _step(self, *words: str) -> None:
        folder = self.nginx.folder
        reload = f"{self.nginx.program('nginx')} -p {folder} -c {folder / 'nginx.conf'} -s reload"
        server = ["--machine", "--folder", str(folder / "conf.d"), "--reload", reload]
        self._python("monolith", "-m", f"{HERE}.steps", *words, *server)

    def _python(self, side: str, *arguments: str) -> None:
        command = [sys.executable, *arguments]
        environ = {**os.environ, **self._environ[side]}
        done = run(command, cwd=ROOT, env=environ)
        assert done.returncode == 0, done.stdout + done.stderr

    def _topology(self, *, port: int, status: int, **sides: int) -> None:
        """Write the shop's own topology, with other addresses."""
        servers = "\n".join(f'{name} = ["{LOOPBACK}:{each}"]' for name, each in sides.items())
        text, count = re.subn(
            r"(?m)^server_names = .*\nsettings = .*$",
            f'server_names = ["{HOST}"]\nport = {port}\nstatus_port = {status}\ntrusted_proxies = ["127.0.0.0/8"]',
            (ROOT / "strangler.toml").read_text(),
        )
        assert count == 1
        (self._folder / "strangler.toml").write_text(f"{text}\n[gateway.servers]\n{servers}\n")


class LoadBalancer(HTTPAdapter):
    """Ends HTTPS in front of nginx, and says so; what the client claimed about its address stays before what it says."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self._shop = shop

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Pass *request* on to nginx by HTTP."""
        passed = request.copy()
        passed.url = self._shop.url + request.path_url
        passed.headers.setdefault("Host", HOST)
        passed.headers.update({"X-Forwarded-For": f"192.0.2.66, {ADDRESS}", "X-Forwarded-Proto": "https"})
        answer = super().send(passed, *arguments, **options)
        answer.request, answer.url = request, str(request.url)
        return answer


class Browser:
    """A visitor: keeps cookies, and sends forms as the pages have them.

    Args: shop: that is visited.
    """

    def __init__(self, shop: Shop) -> None:
        self._session = requests.Session()
        self._session.mount(SITE, LoadBalancer(shop))
        self.cookies = self._session.cookies

    def copy(self, shop: Shop) -> Browser:
        """Return a browser with the same cookies, as a thief has it."""
        thief = Browser(shop)
        thief.cookies.update(self.cookies)
        return thief

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask for a page; redirects are answers."""
        return self._session.get(
            SITE + path, headers=headers, allow_redirects=False, timeout=PATIENCE_SECONDS
        )

    def post(self, path: str, *, page: str = "", origin: str = SITE, **form: str) -> requests.Response:
        """Send the form of *page*, or of *path* itself; redirects are answers."""
        return self._submit(path, page=page, origin=origin, form=form, follows=False)

    def _submit(
        self, path: str, *, page: str, origin: str, form: Mapping[str, str], follows: bool
    ) -> requests.Response:
        text = self.get(page or path).text
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)
        assert found, f"{page or path} has no form: {text}"
        return self._session.post(
            SITE + path,
            data={"csrfmiddlewaretoken": found[1], **form},
            headers={"Origin": origin},
            allow_redirects=follows,
            timeout=PATIENCE_SECONDS,
        )

    def log_in(self, name: str, password: str, *, to: str = "") -> requests.Response:
        """Log in, and go on to a page."""
        return self.post(f"/account/login/{to and '?next='}{to}", username=name, password=password)

    def log_out(self) -> list[str]:
        """Log out on a page of the shop; returns where the browser was sent, one after the other."""
        answer = self._submit("/account/logout/", page="/shop/", origin=SITE, form={}, follows=True)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return [each.headers["Location"] for each in answer.history]

    def is_logged_in(self, name: str) -> bool:
        """Look at a page that is always the monolith's, and at one that moves; both have to agree."""
        pages = [self.get(path) for path in ("/orders/", "/account/profile/")]
        ways = [page.headers.get("Location", "") for page in pages]
        assert [page.status_code for page in pages] in ([200, 200], [302, 302]), [page.text for page in pages]
        assert not any(ways) or ways == [
            f"/account/login/?next={path}" for path in ("/orders/", "/account/profile/")
        ]
        return all(page.status_code == 200 and name in page.text for page in pages)
