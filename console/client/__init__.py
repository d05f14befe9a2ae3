"""The console's end of the operator link: bytes and times, and one UDP socket; nothing in it that only Linux has."""
