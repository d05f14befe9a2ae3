"""MAVLink to consoles and ground stations: keys, sessions, services, streams. Wishes for motion go to the tick."""
