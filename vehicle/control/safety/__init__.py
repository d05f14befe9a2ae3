"""The safety room: reasons, interlocks, limits, modes, lease, authority, and the gate that alone builds commands."""
