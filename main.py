"""The entry point: `gunicorn -c gunicorn.conf.py main:app`, `flask --app main ...`."""

from app import create_app

app = create_app()
