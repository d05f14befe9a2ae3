"""Pose, twist and covariance from GNSS, IMU and track encoders."""
