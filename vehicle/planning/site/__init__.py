"""Site files of all formats: what they mean, and what they forbid."""
