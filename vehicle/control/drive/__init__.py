"""Tasks and sticks -> body twist."""
