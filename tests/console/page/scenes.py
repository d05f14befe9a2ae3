"""States of a vehicle, for looking at the page."""

import copy
from typing import Any

from console.server.catalogue import language_names
from console.server.settings import PAGE

SERVER: dict[str, Any] = {
    "version": "0.1.0",
    "simulation": True,
    "speed": 1,
    "vehicles": [{"id": "memat-1", "name": "MEMATT 1"}],
    "vehicle": "memat-1",
    "steering": "this",
    "languages": language_names(PAGE / "text"),
}
MANUAL: dict[str, Any] = {
    "server": SERVER,
    "link": {
        "state": "open",
        "quality": "good",
        "age_ms": 40,
        "rtt_ms": 96,
        "lost_ratio": 0.002,
        "address": "10.0.0.2",
        "text": "",
    },
    "vehicle": {
        "tick": 100,
        "mode": "MANUAL",
        "rotor": "AT_SPEED",
        "phase": "IDLE",
        "holder": 201,
        "holder_name": "A",
        "mine": True,
        "worst": None,
        "reasons": [],
        "neutral_seen": True,
        "reset_due": False,
        "estop_latched": False,
        "standing": True,
        "hold_accepted": True,
        "armed": True,
        "start_blocked": False,
        "session": 7,
    },
    "pose": {
        "e": 12.0,
        "n": 20.0,
        "heading_deg": 88.0,
        "speed_mps": 0.21,
        "roll_deg": 4.2,
        "pitch_deg": 2.1,
        "sigma_m": 0.02,
        "lat": 40.1,
        "lon": 48.9,
    },
    "tool": {
        "rotor_rpm": 598.0,
        "rotor_required_rpm": 570.0,
        "height_m": 0.0,
        "depth_m": 0.17,
        "depth_required_m": 0.15,
        "depth_sigma_m": 0.01,
        "torque_nm": None,
    },
    "limits": {"speed_cap_mps": 0.28, "cap_reason": None, "roll_deg": 20.0, "pitch_deg": 25.0},
    "mission": {
        "segment": 12,
        "segments": 84,
        "along_m": 31.0,
        "cross_m": 0.03,
        "room_m": 0.12,
        "length_m": 60.0,
        "inside": {"processed_m2": 4201.0, "passed_m2": 140.0, "below_m2": 58.0},
        "processed_m2": 4376.0,
        "passed_m2": 157.0,
        "below_m2": 61.0,
        "total_m2": 8734.0,
        "unworkable_m2": 16.0,
        "time_left_s": 13800.0,
        "next": "BACK_OFF",
        "next_m": 12.0,
        "plan_hash": "a1b2c3d4e5f60718",
        "start_block": None,
        "start_m": 0.4,
        "start_left_deg": 12.0,
    },
    "due": {"attention_s": None, "arm_unused_s": 4.2},
    "gnss": {"fix": "rtk_fixed", "satellites": 17, "corrections_age_s": 1.0, "base": "base"},
    "engine": {
        "speed_rpm": 2150.0,
        "load": 0.6,
        "coolant_c": 84.0,
        "oil_c": 62.0,
        "pressure_bar": 210.0,
        "supply_v": 25.2,
        "fuel_ratio": 0.55,
        "fuel_min": 132,
        "parking_min": 8,
        "fuel_low": False,
    },
    "checks": {
        "depth_age_s": 5400.0,
        "hammers_age_s": 7800.0,
        "base_age_s": 12000.0,
        "due": [],
        "shift_used": False,
        "shift_due": False,
    },
    "near": {
        "keep_out_m": 6.2,
        "keep_out_side": "left",
        "left_unproven": True,
        "right_unproven": False,
        "left_unproven_m": 0.0,
        "right_unproven_m": 0.4,
    },
    "rings": [],
    "jobs": [],
    "texts": [],
    "ground": {"stroke": 0, "plan_hash": "a1b2c3d4e5f60718", "complete": True},
    "site": {
        "vehicle": "memat-1",
        "hash": "a1b2c3d4e5f60718",
        "name": "Field 7",
        "datum": [40.1, 48.9, 0.0],
        "cell_m": 0.05,
        "areas": [
            {"role": "work_area", "name": "a", "rings": [[[0, 0], [100, 4], [104, 60], [50, 82], [4, 70]]]},
            {"role": "keep_out", "name": "k", "rings": [[[40, 30], [48, 30], [48, 38], [40, 38]]]},
        ],
        "swaths": [{"n": 12, "kind": "swath", "from": [20, 22], "to": [90, 24], "width_m": 2.0}],
        "unworkable": [],
        "machine": {"name": "MEMATT", "length_m": 5.0, "width_m": 2.2, "tool_width_m": 2.0, "tool_ahead_m": 2.8},
    },
}


def scene(**changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The machine driven by stick, with these values of sections changed."""
    state = copy.deepcopy(MANUAL)
    for section, values in changes.items():
        state[section].update(values)
    return state


AT_REST: dict[str, dict[str, Any]] = {
    "vehicle": {"mode": "DISARMED", "armed": False},
    "tool": {"rotor_rpm": 0.0, "depth_m": None, "height_m": 0.4},
    "pose": {"speed_mps": 0.0},
    "due": {"arm_unused_s": None},
}
"""Disarmed, with everything at rest."""


SCENES: dict[str, dict[str, dict[str, Any]]] = {
    "manual": scene(),
    "disarmed": scene(**AT_REST),
    "engine_off": scene(**AT_REST, engine={"speed_rpm": 0.0, "start": "idle", "start_left_s": 0.0, "start_tries": 0}),
    "engine_barred": scene(
        **AT_REST, engine={"speed_rpm": 0.0, "start": "barred", "start_left_s": 0.0, "start_tries": 3}
    ),
    "starting": scene(**AT_REST, engine={"speed_rpm": 0.0, "start": "warning", "start_left_s": 4.2, "start_tries": 0}),
    "ready": scene(vehicle={"mode": "READY"}, pose={"speed_mps": 0.0}, due={"arm_unused_s": None}),
    "watching": scene(vehicle={"mode": "AUTO_WORK", "mine": False, "holder_name": "B", "standing": False}),
    "mission": scene(
        vehicle={"mode": "AUTO_WORK", "standing": False, "worst": 71, "reasons": [71, 87, 90]},
        tool={"rotor_rpm": 571.0, "depth_m": 0.16},
        pose={"speed_mps": 0.11},
        limits={"cap_reason": 66},
        due={"attention_s": 14.0, "arm_unused_s": None},
        checks={"due": ["hammers"]},
    ),
    "wait": scene(
        vehicle={"mode": "WAIT", "standing": True, "worst": 49, "reasons": [49, 71]},
        tool={"rotor_rpm": 571.0, "depth_m": 0.16},
        pose={"speed_mps": 0.0},
        gnss={"fix": "rtk_float"},
        due={"attention_s": None, "arm_unused_s": 13.6},
    ),
    "shock": scene(
        vehicle={"mode": "WAIT", "worst": 95, "reasons": [95]},
        pose={"speed_mps": 0.0},
        due={"attention_s": None, "arm_unused_s": 17.2},
    ),
    "warned": scene(
        vehicle={"worst": 66, "reasons": [66, 71, 72, 73, 77, 87]},
        near={"left_unproven": False, "left_unproven_m": 0.3},
    ),
    "hold": scene(
        vehicle={"mode": "HOLD", "worst": 35, "reasons": [35, 71], "reset_due": True, "neutral_seen": True},
        due={"arm_unused_s": None},
        pose={"speed_mps": 0.0},
        tool={"rotor_rpm": 12.0},
    ),
    "detonation": scene(
        vehicle={"mode": "HOLD", "worst": 38, "reasons": [38], "reset_due": True, "acknowledge_due": True},
        due={"arm_unused_s": None},
        pose={"speed_mps": 0.0},
        tool={"rotor_rpm": 12.0},
    ),
    "estop": scene(
        vehicle={"mode": "ESTOP", "worst": 1, "reasons": [1, 38], "reset_due": True, "estop_latched": True},
        pose={"speed_mps": 0.0},
        tool={"rotor_rpm": 140.0},
        due={"arm_unused_s": None},
    ),
    "fire": scene(vehicle={"mode": "ESTOP", "worst": 2, "reasons": [2], "reset_due": True}, pose={"speed_mps": 0.0}),
    "lost": scene(link={"state": "lost", "quality": "lost", "age_ms": 2400}, vehicle={"mode": "AUTO_WORK"}),
    "searching": {
        "server": SERVER,
        "link": {
            "state": "unreachable",
            "quality": None,
            "age_ms": None,
            "address": "10.0.0.2:14555",
            "problem": "no_way",
        },
    },
}
