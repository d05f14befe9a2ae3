"""Trials that a release rests on, and no part of the program: many runs with drawn faults, judged by the truth."""
