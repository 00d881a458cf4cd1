"""The journal on SQL: one schema, one set of named statements."""
