"""What is done in a process of the shop, between requests: `python -m tests.integration.gateway.shop.steps live …`."""

import sys

import django
from django.core.management import call_command

SEAMS = [f"accounts.{page}" for page in ("register", "login", "logout", "profile", "password")]


def prepare(people: list[str], *server: str) -> None:
    """Make the tables, the customers `name:password`, and the first rendering of the server in front."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - after django.setup()

    call_command("migrate", interactive=False, verbosity=0)
    for person in people:
        name, _, password = person.partition(":")
        User.objects.create_user(name, f"{name}@example.org", password)
    call_command("strangler", "gateway", "apply", "nginx", *server)


def move(stage: str, *server: str) -> None:
    """Move all of login, with the server in front, and return when every process follows."""
    if stage == "live":
        call_command("strangler", "users", "sync")
    forced = ["--force", "--reason", "a test"]
    for seam in SEAMS[:-1]:
        call_command("strangler", "rollout", seam, stage, *forced, "--wait-seconds", "0")
    waiting = ["--wait-seconds", "20", "--apply-gateway"]
    call_command("strangler", "rollout", SEAMS[-1], stage, *forced, *waiting, *server)


if __name__ == "__main__":
    django.setup()
    word, *arguments = sys.argv[1:]
    if word == "prepare":
        prepare(arguments[0].split(), *arguments[1:])
    else:
        move(word, *arguments)
