"""Who and what comes from outside: commuters, through traffic, deliveries, by gateway and by count."""
