"""Rectangles that the passes of stops sweep, and the parts of them that are credited."""

import numpy as np
import shapely

from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.route import TourStop

CLAIM_SLACK_M = 0.001
"""Overlap of the claims of neighbouring swaths, so that rounding leaves no gap between them."""


def strips_of(job: PlanJob, stops: list[TourStop]) -> tuple[np.ndarray, np.ndarray]:
    """Return nominal sweeps and claims of stops in ENU: polygons (n,) each, by stretch; a claim may be empty."""
    half_m = 0.5 * job.reach.width_m
    settings = job.settings
    rims_m = {
        stop.theta_rad: (0.5 * settings.overlap_at_m(stop.theta_rad), settings.end_at_m(stop.theta_rad))
        for stop in stops
    }
    rows = [
        (stop.theta_rad, stop.y_m, stop.move.sign, a, b, *rims_m[stop.theta_rad])
        for stop in stops
        for a, b in stop.move.stretches
    ]
    frame = np.array(rows, dtype=float).reshape(-1, 7).T
    side_m, end_m = frame[5:] - CLAIM_SLACK_M
    return (
        _rectangles(frame, np.full(len(rows), half_m), np.zeros(len(rows)), np.zeros(len(rows))),
        _rectangles(frame, half_m - side_m, end_m + settings.run_in_m, end_m),
    )


def _rectangles(frame: np.ndarray, half_m: np.ndarray, start_m: np.ndarray, end_m: np.ndarray) -> np.ndarray:
    """Rectangles of (theta, y, sign, a, b, ...) columns (5+, n), shortened at start and end (n,); may be empty."""
    theta, y, sign = frame[:3]
    a, b = frame[3] + sign * start_m, frame[4] - sign * end_m
    cos, sin = np.cos(theta)[:, None], np.sin(theta)[:, None]
    along, across = np.stack([a, b, b, a], axis=1), np.stack([y - half_m, y - half_m, y + half_m, y + half_m], axis=1)
    corners = np.stack([along * cos - across * sin, along * sin + across * cos], axis=2)
    strips = np.full(len(a), shapely.Polygon(), dtype=object)
    left = (b - a) * sign > 0.0
    if left.any():
        strips[left] = shapely.polygons(corners[left])
    return strips
