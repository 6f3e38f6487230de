"""A simulated season of transfers, to see how rightly they are matched: `make simulate-matching`."""
