"""The journal's named statements, read once."""

from pathlib import Path

from app.adapters.sql import load_queries

Q = load_queries(Path(__file__).with_name("queries.sql"))
