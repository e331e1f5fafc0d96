"""Storages as they would be: what is written lies in a folder that is thrown away, all else is read from the real one."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

from strangler.effects import at_hand
from strangler.effects.hooks.storages import deleted, is_to_write, read_file

if TYPE_CHECKING:
    from collections.abc import Callable


class Overlay:
    """What one sandbox wrote to storages, and what it deleted there."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._deleted: set[tuple[str, str]] = set()

    def folder(self, name: str) -> Path:
        """Return an own folder for *name*, which is there until the sandbox is left."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="strangler-sandbox-"))
        found = self._root / name
        found.mkdir(exist_ok=True)
        return found

    def close(self) -> None:
        """Throw everything away."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)

    def do(self, method: str, original: Callable[..., Any], storage: Storage, args: Any, kwargs: Any) -> Any:
        """Do what *method* of *storage* would do."""
        token = at_hand.keeper.set(None)
        try:
            if method == "save":
                return self._save(storage, *args, **kwargs)
            name = args[0] if args else kwargs.get("name", kwargs.get("path", ""))
            if method == "delete":
                return self._delete(storage, name)
            if method == "listdir":
                return self._list(original, storage, name)
            if method == "open" and is_to_write(args, kwargs):
                return self._open_to_write(storage, name, args, kwargs)
            return self._look(method, original, storage, args, kwargs)
        finally:
            at_hand.keeper.reset(token)

    def _save(self, storage: Storage, name: str | None, content: Any, max_length: int | None = None) -> str:
        inner = self._inner(storage)
        content = content if hasattr(content, "chunks") else File(content, name)
        wanted = name or content.name
        while inner.exists(wanted) or self._is_there(storage, wanted):
            wanted = storage.get_alternative_name(*_parts(wanted))
        saved = _recorded_by_nobody(partial(inner.save, wanted, content, max_length=max_length))
        self._deleted.discard((_key(storage), saved))
        self._note(partial(read_file, inner, saved), at_once=True)
        return str(saved)

    def _delete(self, storage: Storage, name: str) -> None:
        inner = self._inner(storage)
        _recorded_by_nobody(partial(inner.delete, name))
        self._deleted.add((_key(storage), str(name)))
        self._note(partial(deleted, (name,), {}))

    def _look(
        self, method: str, original: Callable[..., Any], storage: Storage, args: Any, kwargs: Any
    ) -> Any:
        name = str(args[0] if args else kwargs["name"])
        inner = self._inner(storage)
        if inner.exists(name):
            return getattr(inner, method)(*args, **kwargs)
        if (_key(storage), name) in self._deleted:
            return False if method == "exists" else getattr(inner, method)(*args, **kwargs)
        if method == "path" and not self._is_there(storage, name):
            path = Path(inner.path(name))  # somebody is going to write there
            path.parent.mkdir(parents=True, exist_ok=True)
            return str(path)
        return original(storage, *args, **kwargs)

    def _open_to_write(self, storage: Storage, name: str, args: Any, kwargs: Any) -> Any:
        inner = self._inner(storage)
        path = Path(inner.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() and self._is_there(storage, name):
            with storage.open(name) as real:
                path.write_bytes(real.read())
        self._note(partial(read_file, inner, name))
        return _recorded_by_nobody(partial(inner.open, *args, **kwargs))

    def _list(self, original: Callable[..., Any], storage: Storage, name: str) -> tuple[list[str], list[str]]:
        """List what is there in both, without what was deleted."""
        found: tuple[set[str], set[str]] = (set(), set())
        for place, look in ((storage, partial(original, storage)), (self._inner(storage), None)):
            with suppress(FileNotFoundError):
                for names, more in zip(found, (look or place.listdir)(name), strict=True):
                    names.update(more)
        gone = {each for each in found[1] if (_key(storage), str(Path(name) / each)) in self._deleted}
        return sorted(found[0]), sorted(found[1] - gone)

    def _is_there(self, storage: Storage, name: str) -> bool:
        return (_key(storage), name) not in self._deleted and storage.exists(name)

    def _inner(self, storage: Storage) -> FileSystemStorage:
        return FileSystemStorage(location=self.folder(_key(storage)))

    def _note(self, read: Callable[[], Any], *, at_once: bool = False) -> None:
        recorder = at_hand.recorder.get()
        if recorder is None:
            return
        if at_once:
            seen = read()
            recorder.file(lambda: seen)
        else:
            recorder.file(read)


def _recorded_by_nobody(do: Callable[[], Any]) -> Any:
    token = at_hand.recorder.set(None)
    try:
        return do()
    finally:
        at_hand.recorder.reset(token)


def _key(storage: Storage) -> str:
    place = getattr(storage, "location", None) or getattr(storage, "bucket_name", None) or id(type(storage))
    return f"{type(storage).__name__}-{abs(hash(str(place))):x}"


def _parts(name: str) -> tuple[str, str]:
    path = Path(name)
    return str(path.with_suffix("")), path.suffix
