"""Google Cloud Storage on loopback: objects with generations, preconditions that are enforced.

Only what a token store asks for: `GET` of an object's bytes and metadata, and a multipart upload.
"""

from tests.simulators.gcs.server import Fault, GcsServer, Kind

__all__ = ["Fault", "GcsServer", "Kind"]
