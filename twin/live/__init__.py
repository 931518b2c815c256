"""The live twin: observations come in and are kept once, and the present is told from them."""
