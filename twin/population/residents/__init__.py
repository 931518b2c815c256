"""Who lives in each area: households fitted to its margins, their homes, what they have and can do."""
