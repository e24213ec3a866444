# SPDX-License-Identifier: BSD-3-Clause
"""The line at the bottom of a terminal that says which tests run, how many are left, and how much time
has passed. If standard output is not a terminal, nothing of this is shown."""

import shutil
import sys
import threading
import time

EVERY = 0.5  # seconds between two updates of the time


class Progress:
    """The line, which is redrawn in place. Its methods may be called from any thread."""

    def __init__(self, runs):
        self.total, self.over, self.running, self.text = runs, 0, [], ""
        self.begun, self.lock, self.stop = time.monotonic(), threading.Lock(), threading.Event()
        self.shown = sys.stdout.isatty()
        if self.shown:
            threading.Thread(target=self.tick, daemon=True).start()

    def tick(self):
        """Redraw the line every EVERY seconds, until it is closed."""
        while not self.stop.wait(EVERY):
            with self.lock:
                self.draw()

    def draw(self):
        """Draw the line. The caller holds the lock."""
        if not self.shown or self.stop.is_set():
            return
        what = self.text or (f"{self.total - self.over} of {self.total} runs left: "
                             + ", ".join(self.running))
        line = f"{time.monotonic() - self.begun:.0f} s, {what}"
        sys.stdout.write("\r\033[K" + line[:shutil.get_terminal_size().columns - 1])
        sys.stdout.flush()

    def say(self, text):
        """Show this text instead of the tests that run; "" shows the tests again."""
        with self.lock:
            self.text = text
            self.draw()

    def started(self, case, seed):
        """A run starts."""
        with self.lock:
            self.running.append(f"{case.name} (seed {seed})")
            self.draw()

    def ended(self, case, seed):
        """A run is over, or was not needed."""
        with self.lock:
            self.over += 1
            name = f"{case.name} (seed {seed})"
            if name in self.running:
                self.running.remove(name)
            self.draw()

    def print(self, lines):
        """Print lines above the line."""
        with self.lock:
            sys.stdout.write(("\r\033[K" if self.shown else "") + "".join(f"{line}\n" for line in lines))
            self.draw()
            sys.stdout.flush()

    def close(self):
        """Remove the line."""
        with self.lock:
            self.stop.set()
            if self.shown:
                sys.stdout.write("\r\033[K")
                sys.stdout.flush()
