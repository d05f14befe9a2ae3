"""Types and numbers that every room shares: no I/O, no clock, no shapely."""
