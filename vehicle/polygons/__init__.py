"""Boundaries and fences as polygons, for planning, stations and the runtime; shapely, no I/O."""
