"""`manage.py product_type`: look at product types, and make the next version of one from a file."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from extracted.catalog.documents import current_type, current_types, misfits
from extracted.catalog.editing import edit_type
from extracted.catalog.errors import RefusedError
from extracted.catalog.models import ProductType


class Command(BaseCommand):
    """List product types, show one, or make its next version; names the documents that do not fit it."""

    help = "List product types, show one (KIND), or make its next version (KIND FILE: a JSON Schema)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the type, the file, and why."""
        parser.add_argument("kind", nargs="?")
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--note", default="", help="why")

    def handle(self, *, kind: str | None, file: Path | None, note: str, **_: object) -> None:
        """Do it."""
        try:
            if kind and file:
                self._tell(edit_type(kind, _read(file), note=note, by="command", if_match=_version(kind)))
            elif kind:
                self.stdout.write(json.dumps(current_type(kind).schema, indent=2, ensure_ascii=False))
                self._tell(current_type(kind))
            else:
                for each in current_types().values():
                    self._tell(each)
        except RefusedError as error:
            raise CommandError(str(error)) from error

    def _tell(self, type_: ProductType) -> None:
        unfit = misfits(type_)
        self.stdout.write(f"{type_.kind}: version {type_.version}, {len(unfit)} documents do not fit")
        for each in unfit:
            self.stdout.write(f"  {each.slug}: {'; '.join(each.problems)}")


def _version(kind: str) -> str:
    newest = current_types().get(kind)
    return f'"{newest.version if newest else 0}"'


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} has no JSON: {error}") from error
