"""Machines, site documents and the way through files to the independent checker."""

import json
import math

import numpy as np
import pyproj

from tests.planning.coverage.checker import check_folder
from vehicle.contracts.pace import Pace
from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site

BENCH = MachineFootprint(
    name="bench",
    tool_width_m=2.0,
    tool_ahead_m=2.0,
    tool_length_m=0.0,
    track_length_m=2.4,
    track_outer_width_m=1.6,
    body_front_m=1.5,
    body_rear_m=1.5,
    working_speed_mps=0.3,
    transit_speed_mps=1.0,
    reverse_speed_mps=1.0,
    pivot_rate_radps=math.radians(20.0),
)
MEDIUM = MachineFootprint(
    name="medium",
    tool_width_m=1.7,
    tool_ahead_m=2.9,
    tool_length_m=0.9,
    track_length_m=2.6,
    track_outer_width_m=1.5,
    body_front_m=2.0,
    body_rear_m=2.1,
    working_speed_mps=0.25,
    transit_speed_mps=1.1,
    reverse_speed_mps=0.9,
    pivot_rate_radps=math.radians(14.0),
    pace=Pace(
        depth_m=0.15,
        soil_mj_per_m3=1.5,
        sweep_speed_mps=0.2,
        accel_mps2=0.4,
        brake_mps2=0.3,
        approach_1ps=0.9,
        creep_mps=0.03,
        done_m=0.01,
        turn_approach_1ps=1.1,
        turn_done_rad=math.radians(0.25),
        turn_share=0.8,
        turn_lag_s=0.3,
        spin_up_s=4.0,
        spin_down_s=9.0,
        at_speed_ratio=0.9,
        lower_s=2.0,
        raise_s=1.5,
    ),
)


def ring_lonlat(points_m, lat_deg=39.99, lon_deg=46.93):
    """Corner list in metres about a place -> closed ring in degrees, by pyproj."""
    local = pyproj.Proj(proj="tmerc", lat_0=lat_deg, lon_0=lon_deg, ellps="WGS84")
    x, y = np.array([*points_m, points_m[0]], dtype=float).T
    lon, lat = local(x, y, inverse=True)
    return [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]


def feature(role, *rings, **properties):
    """A GeoJSON feature of one polygon from rings in degrees."""
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"role": role, **properties}, "geometry": geometry}


def document(*features, **declared):
    """A GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features), **declared}


def saved(tmp_path, doc, name="site.geojson"):
    """Write a document and return its path."""
    path = tmp_path / name
    path.write_text(doc if isinstance(doc, str) else json.dumps(doc), encoding="utf-8")
    return path


def planned(path, folder, machine=BENCH, settings=None, outside=None, tripwires=None):
    """Plan a site file, write its files, check them independently: (plan, report)."""
    site = load_site(path, outside, tripwires=tripwires)
    plan = plan_site(site, machine, settings if settings is not None else PlanSettings())
    write_plan_files(plan, site, folder, poses=True)
    return plan, check_folder(folder, json.loads(path.read_text(encoding="utf-8")))
