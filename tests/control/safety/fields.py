"""Shared boundaries."""

from vehicle.contracts.geometry import edges_of

BOX = edges_of((((-30.0, -30.0), (30.0, -30.0), (30.0, 30.0), (-30.0, 30.0)),))
