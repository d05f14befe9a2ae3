"""The operator's side of the link; knows the operator protocol only."""
