"""What breaks the stack on purpose: faults, scenes, a simulated operator, the watch that judges, trials."""
