"""Software-in-the-loop simulator: all that is outside the vehicle's byte ports, with the ground truth."""
