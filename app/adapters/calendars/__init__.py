"""Calendars from files: a folder for each exchange, with its usual hours and a file a year."""
