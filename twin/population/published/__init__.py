"""A population held against published figures: surveys, measures, what is fitted and what held out."""
