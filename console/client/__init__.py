"""The console's end of the operator link: bytes, times and one UDP socket. It also runs on other systems than Linux."""
