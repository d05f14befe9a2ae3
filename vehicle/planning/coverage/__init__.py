"""From work area to plan, in this order: area, components, headlands, swaths, route, path. Runs outside the tick."""
