"""Observations that are wrong on their way from devices to the platform: faults and false data."""
