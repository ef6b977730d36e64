"""Jobs: their states, their rows, everything that queries them, and what is said of one that failed."""
