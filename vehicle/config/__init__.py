"""Configuration: frozen models, read and checked once; only `load` and `drive` touch files."""
