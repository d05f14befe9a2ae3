"""The console's end of the operator link: bytes and times, and one UDP socket. Nothing here needs Linux."""
