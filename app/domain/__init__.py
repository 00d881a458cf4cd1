"""Facts and rules of trading: standard library only, no clock, no I/O."""
