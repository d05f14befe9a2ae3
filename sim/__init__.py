"""The software-in-the-loop simulator: everything outside the vehicle's byte ports; ground truth stays in here."""
