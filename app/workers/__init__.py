"""Who calls us besides HTTP: the clock."""
