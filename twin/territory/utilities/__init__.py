"""Utility layers: power, water, heat and telecom networks of a territory, as structure without physics.

What the map shows is `observed`. The rest is laid along the streets by rules with sources, to every
place: `inferred` where the map says how the place is built or where the street runs, `assumed` where
nothing but a rule speaks (where the water comes in, how high the ground is).
"""
