"""Plans by what the machine is used for: the whole area, or the swaths of a survey."""
