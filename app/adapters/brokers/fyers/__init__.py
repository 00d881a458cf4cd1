"""Fyers: Indian shares, futures and options through fyers-apiv3, under a transport of our own."""
