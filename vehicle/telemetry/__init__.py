"""What the vehicle tells: the report built in the tick, and its publisher."""
