"""The operator's side of the link; it depends on the operator protocol only."""
