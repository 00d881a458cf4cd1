"""Where tokens are kept, and how Fyers makes them."""
