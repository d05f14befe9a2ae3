"""Plans as files, for people and for ground stations."""
