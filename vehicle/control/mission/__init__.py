"""The job: which segment, what is done in it, and how it is taken up again after a break."""
