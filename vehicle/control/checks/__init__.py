"""What people measured, and what is due: observations of the base, depth and hammers, and what follows for credit."""
