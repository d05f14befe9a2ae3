"""MAVLink 2: dialect, framing, tables, codec. NED and FRD are used only here."""
