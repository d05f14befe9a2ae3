"""Rotor, depth set-point and the load governor."""
