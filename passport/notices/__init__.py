"""What waits for somebody: one notice at each hand-over."""
