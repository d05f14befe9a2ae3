"""What people read of a job: gaps, maps, reports, exports."""
