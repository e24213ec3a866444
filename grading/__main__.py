"""`make grade [LAB=ipi] [TEST=t25] [SEED=17]`: options come by the environment. Status 0: full points."""

import os
import sys

from grading import engine

if __name__ == "__main__":
    sys.exit(0 if engine.grade(os.environ.get("LAB", ""), os.environ.get("TEST", ""),
                               os.environ.get("SEED", "")) else 1)
