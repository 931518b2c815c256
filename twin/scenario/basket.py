"""The services of everyday life by name; apart from their closing, so that naming them loads no models."""

from __future__ import annotations

SERVICES = ("food", "school", "doctor", "pharmacy", "counter", "bank", "cafe", "sport")
"""Functions of the basket, after the "panier de la vie courante" of Insee Premiere 1579.

Food is any shop that sells it, a counter a post office or a town hall.
"""
