"""The low-level controller's side of the wire: bytes, frames and their types; knows nothing of missions."""
