"""MAVLink 2, once for all: dialect, framing, tables, codec; NED and FRD exist nowhere else."""
