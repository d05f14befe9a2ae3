"""Work area -> plan, in the order area, components, headlands, swaths, route, path; outside the tick."""
