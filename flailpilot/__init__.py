"""The `flailpilot` command line."""
