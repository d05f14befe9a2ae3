"""Black box: records inputs, outputs and their reasons, enough to run the ticks again and compare."""
