"""The low-level controller's side of the wire: bytes, frames and their types; it knows no missions."""
