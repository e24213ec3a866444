# SPDX-License-Identifier: BSD-3-Clause
"""What a failure usually comes from."""


def usual(_lab, case, _failure):
    """The line "usually" of a report."""
    return case.hint
