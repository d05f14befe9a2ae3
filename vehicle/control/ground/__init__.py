"""The raster of the ground, and whether it bears the tracks."""
