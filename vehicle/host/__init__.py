"""The computer: clock, processes, files that are whole or not there. Never imported by control."""
