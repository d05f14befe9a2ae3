"""Breaks the stack on purpose: faults, scenarios, a simulated operator, monitors that judge, and trials."""
