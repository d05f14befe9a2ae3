"""MAVLink towards consoles and ground stations: keys, sessions, services, streams; what may move goes to the tick."""
