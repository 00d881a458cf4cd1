"""Buckets of objects, each with the generation of its latest writing."""

import base64
import hashlib
import threading
from dataclasses import dataclass
from itertools import count
from typing import Any


class Missing(Exception):
    """There is no such bucket or object."""


class Precondition(Exception):
    """The object is of another generation than was asked for."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One writing of an object."""

    bucket: str
    name: str
    data: bytes
    generation: int

    @property
    def resource(self) -> dict[str, Any]:
        """How the JSON API shows it."""
        return {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "bucket": self.bucket,
            "name": self.name,
            "generation": str(self.generation),
            "metageneration": "1",
            "size": str(len(self.data)),
            "md5Hash": self.md5,
        }

    @property
    def md5(self) -> str:
        """The checksum of its bytes, as the API writes it."""
        digest = hashlib.md5(self.data, usedforsecurity=False).digest()
        return base64.b64encode(digest).decode()


class Objects:
    """All objects of the buckets that there are. `writes` counts those that were done."""

    def __init__(self, *buckets: str) -> None:
        self._buckets = set(buckets)
        self._objects: dict[tuple[str, str], Stored] = {}
        self._generations = count(1_700_000_000_000_001, 7)
        self._lock = threading.Lock()
        self.writes = 0

    def get(self, bucket: str, name: str) -> Stored:
        """An object as it is now."""
        with self._lock:
            if (bucket, name) not in self._objects:
                raise Missing(f"No such object: {bucket}/{name}")
            return self._objects[bucket, name]

    def put(self, bucket: str, name: str, data: bytes, generation: int | None) -> Stored:
        """Write an object if it is of this generation; 0: if there is none; None: in any case."""
        with self._lock:
            if bucket not in self._buckets:
                raise Missing("The specified bucket does not exist.")
            there = self._objects.get((bucket, name))
            now = there.generation if there is not None else 0
            if generation is not None and generation != now:
                raise Precondition("At least one of the pre-conditions you specified did not hold.")
            stored = Stored(bucket, name, data, next(self._generations))
            self._objects[bucket, name] = stored
            self.writes += 1
            return stored
