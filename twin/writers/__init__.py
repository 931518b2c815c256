"""What was simulated, in the formats of others."""
