"""The vehicle program: the composition root, the loop, what outlives a restart."""
