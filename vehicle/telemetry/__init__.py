"""Telemetry of the vehicle: builds messages from the reports of the tick, and publishes them over MQTT 5."""
