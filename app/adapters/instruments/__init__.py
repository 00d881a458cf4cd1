"""The symbol master: lists of the exchanges, kept as generations in files of SQLite."""
