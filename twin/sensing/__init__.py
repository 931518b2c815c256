"""Fleets of devices: where they stand, what they see of the truth, how late and how wrong."""
