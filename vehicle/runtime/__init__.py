"""The vehicle program: the composition root, the loop, and the files that keep state across a restart."""
