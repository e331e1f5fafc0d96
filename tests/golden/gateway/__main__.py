"""Write the golden files anew; look at the difference before you commit it: `python -m tests.golden.gateway`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.test")
django.setup()

from tests.golden.gateway.example import FILES, rendered  # noqa: E402 - needs the settings

for name, text in rendered().items():
    path = FILES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
