"""The computer: clock, processes, files that are complete or absent. Control never imports it."""
