"""Itinerary calculators and their users, drivers by habit, and the road manager's levers: arithmetic only."""
