"""The graders: each test boots a fresh machine, reads its console, and judges the events printed there."""
