"""Work area -> plan, in the order area, cells, headland, swaths, route, path; outside the tick."""
