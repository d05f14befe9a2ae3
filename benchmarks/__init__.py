"""Timings and ratios; each prints its figures."""
