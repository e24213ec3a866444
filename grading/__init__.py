# SPDX-License-Identifier: BSD-3-Clause
"""The graders: each test boots a fresh machine, reads its console, and judges the events printed there."""
