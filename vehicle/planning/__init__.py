"""Site files and plans, outside the tick."""
