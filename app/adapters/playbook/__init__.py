"""Where the owner's rows live."""
