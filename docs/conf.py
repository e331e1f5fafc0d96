"""Sphinx builds the documentation from Markdown; `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import strangler

project = "django-strangler"
author = "the django-strangler maintainers"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx reads this name
release = strangler.__version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"django-strangler {release}"
html_show_sphinx = False
html_last_updated_fmt = None
