"""Configuration: frozen models that are read and checked once."""
