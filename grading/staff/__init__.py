"""What only the course's staff has: taking submissions in, grading a class, packing for Gradescope."""
