"""Which migration this code needs. A module of its own: whoever asks needs no SQLAlchemy."""

REVISION = "0001"
"""A test holds it against the newest migration."""
