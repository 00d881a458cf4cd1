"""The use cases: what happens to an alert, from the front desk to the protected position."""
