"""The tick and its rooms: pure, no clock, no I/O, no await."""
