"""What people plan for a day: activities, places, times, modes, the ways there; and other days of theirs."""
