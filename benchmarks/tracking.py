"""Tracking of rotor and track corners on a 50 m swath, forward and in reverse, flat and on a slope.

Prints rms / max in centimetres: `python -m benchmarks.tracking`.
"""

from tests.sim.test_tracking import run
from vehicle.contracts.plan import SegmentKind


def main() -> None:
    """Three seeds a case."""
    for kind in (SegmentKind.SWATH, SegmentKind.REVERSE):
        for slope_deg in (0.0, 10.0):
            for seed in (3, 4, 5):
                found = run(kind, slope_deg, seed)
                row = "  ".join(f"{name} {100 * t.rms_m:.1f}/{100 * t.max_m:.1f}" for name, t in found.points.items())
                print(f"{kind.value:8s} {slope_deg:4.1f} deg seed {seed}: {found.speed_mps:.2f} m/s  {row}")


if __name__ == "__main__":
    main()
