# SPDX-License-Identifier: BSD-3-Clause
"""What the long-running test commands share: their options, which make passes in the environment, and how
they end."""

import os
import re
import signal
import sys


class Unusable(Exception):
    """An option, or the thing to be tested, is wrong; the text says what to do."""


def number(name, otherwise):
    """The value of the option `name`, a number from 1 on; `otherwise` if it is not given."""
    text = os.environ.get(name) or str(otherwise)
    if not re.fullmatch(r"0*[1-9]\d{0,5}", text):
        raise Unusable(f"{name}={text}: give a number from 1 to 999999")
    return int(text)


def words(name):
    """The words of the option `name`."""
    return os.environ.get(name, "").split()


def run(body):
    """Call body(), which returns the exit status. SIGTERM has the same effect as Ctrl-C, so that processes
    are ended and copies of the tree are removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return body()
    except KeyboardInterrupt:
        return 130
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
