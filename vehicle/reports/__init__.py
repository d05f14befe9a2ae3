"""Output about a job for people: gaps, maps, reports, exports."""
