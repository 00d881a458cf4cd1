"""Alpaca: stocks, crypto and options through alpaca-py. REST is the truth, the stream a hint."""
