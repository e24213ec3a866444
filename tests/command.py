"""What the commands that test for long share: their options, which make gives in the environment, and
how they end."""

import os
import re
import signal
import sys


class Unusable(Exception):
    """What was asked for, or what it is to be tried on, is wrong; the text says what to do."""


def number(name, otherwise):
    """The option `name`, a number from 1 on; `otherwise` if it is not given."""
    text = os.environ.get(name) or str(otherwise)
    if not re.fullmatch(r"0*[1-9]\d{0,5}", text):
        raise Unusable(f"{name}={text}: give a number from 1 to 999999")
    return int(text)


def words(name):
    """The option `name`, split at spaces."""
    return os.environ.get(name, "").split()


def run(body):
    """Call body(); the exit status is what it returns. SIGTERM is taken as Ctrl-C, so that what was
    started is ended and copies are removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return body()
    except KeyboardInterrupt:
        return 130
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
