"""Black box: what came in, what went out, and why; enough to run the tick again and compare."""
