"""The line at the bottom of a terminal that says what runs, how much is left, and for how long it has
gone on. Where standard output is no terminal there is none of it."""

import shutil
import sys
import threading
import time

EVERY = 0.5  # seconds, for the time to be seen passing


class Progress:
    """A line that is redrawn in place. Runs start and end in any thread."""

    def __init__(self, runs):
        self.total, self.over, self.running, self.text = runs, 0, [], ""
        self.begun, self.lock, self.stop = time.monotonic(), threading.Lock(), threading.Event()
        self.shown = sys.stdout.isatty()
        if self.shown:
            threading.Thread(target=self.tick, daemon=True).start()

    def tick(self):
        """Redraw now and then."""
        while not self.stop.wait(EVERY):
            with self.lock:
                self.draw()

    def draw(self):
        """Under the lock: the line."""
        if not self.shown or self.stop.is_set():
            return
        what = self.text or (f"{self.total - self.over} of {self.total} runs left: "
                             + ", ".join(self.running))
        line = f"{time.monotonic() - self.begun:.0f} s, {what}"
        sys.stdout.write("\r\033[K" + line[:shutil.get_terminal_size().columns - 1])
        sys.stdout.flush()

    def say(self, text):
        """Show this text instead of what runs; "" for that again."""
        with self.lock:
            self.text = text
            self.draw()

    def started(self, case, seed):
        """A machine starts."""
        with self.lock:
            self.running.append(f"{case.name} (seed {seed})")
            self.draw()

    def ended(self, case, seed):
        """A run is over, or not needed."""
        with self.lock:
            self.over += 1
            name = f"{case.name} (seed {seed})"
            if name in self.running:
                self.running.remove(name)
            self.draw()

    def print(self, lines):
        """Lines above the line."""
        with self.lock:
            sys.stdout.write(("\r\033[K" if self.shown else "") + "".join(f"{line}\n" for line in lines))
            self.draw()
            sys.stdout.flush()

    def close(self):
        """Take the line away."""
        with self.lock:
            self.stop.set()
            if self.shown:
                sys.stdout.write("\r\033[K")
                sys.stdout.flush()
