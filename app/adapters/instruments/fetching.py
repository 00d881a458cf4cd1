"""Where the lists come from: an address, or a folder. Nothing of what is fetched is believed."""

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

LARGEST = 200 * 1024 * 1024
PATIENCE = 180.0
"""Seconds that one list may take; a slow trickle is no download."""
TIMEOUT = (10.0, 30.0)
PIECE = 1 << 16
_NOT_MODIFIED, _OK = 304, 200
_NOT_THERE = (404, 410)


class NotFetched(Exception):
    """A list could not be had; the message says why."""


class NotThere(NotFetched):
    """There is no such list: it need not be one of ours."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list as a file, and by what to tell whether it is a new one."""

    path: Path
    digest: str
    etag: str = ""
    modified: str = ""


def folder_of(base: str) -> Path | None:
    """The folder that an address means; None when it is somewhere in the network."""
    if base.startswith(("http://", "https://")):
        return None
    parts = urlsplit(base)
    return Path(unquote(parts.path)) if parts.scheme == "file" else Path(base)


def fetch(base: str, name: str, target: Path, etag: str, modified: str) -> Fetched | None:
    """Get a list.

    Args:
        base: a folder, or the address that the names of lists are appended to.
        name: the list, `NSE_FO`.
        target: where to put it.
        etag: what the server called the last one, so that it need not send it again.
        modified: when it said that it was changed.

    Returns:
        The list; None when the server says that it is the one from before.

    Raises:
        NotThere: there is none.
        NotFetched: it could not be had, or not whole.
    """
    folder = folder_of(base)
    if folder is not None:
        return _copied(folder / f"{name}.csv", target)
    wanted = {"If-None-Match": etag, "If-Modified-Since": modified}
    headers = {key: value for key, value in wanted.items() if value}
    url = f"{base.rstrip('/')}/{name}.csv"
    try:
        with requests.get(url, headers=headers, timeout=TIMEOUT, stream=True) as answer:
            if answer.status_code == _NOT_MODIFIED and headers:
                return None
            if answer.status_code in _NOT_THERE:
                raise NotThere(f"{url} answers {answer.status_code}")
            if answer.status_code != _OK:
                raise NotFetched(f"{url} answers {answer.status_code}")
            digest = _save(answer, target)
            said = answer.headers
            return Fetched(target, digest, said.get("ETag", ""), said.get("Last-Modified", ""))
    except requests.RequestException as error:
        raise NotFetched(f"{url}: {type(error).__name__}") from error


def _save(answer: requests.Response, target: Path) -> str:
    until, size, digest = time.monotonic() + PATIENCE, 0, hashlib.sha256()
    with target.open("wb") as file:
        for piece in answer.iter_content(PIECE):
            size += len(piece)
            if size > LARGEST or time.monotonic() > until:
                raise NotFetched(f"{answer.url} does not end")
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _copied(source: Path, target: Path) -> Fetched:
    try:
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            return Fetched(target, hashlib.file_digest(file, "sha256").hexdigest())
    except FileNotFoundError as error:
        raise NotThere(f"{source}: {error.strerror}") from error
    except OSError as error:
        raise NotFetched(f"{source}: {error.strerror}") from error
