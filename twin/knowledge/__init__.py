"""What actors know: datasets with an owner, rights, the data platform, and every actor's picture."""
