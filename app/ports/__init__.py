"""What the engine needs from outside, as Protocols, one file each."""
