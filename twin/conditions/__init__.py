"""What a date brings: its kind of day, how strong demand is, its weather, its incidents."""
