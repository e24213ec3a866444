"""Graders: each boots a fresh machine, reads its console, and judges events."""
