# SPDX-License-Identifier: BSD-3-Clause
"""The staff's part of the graders: taking in submissions, grading a class, packing for Gradescope. Handouts
do not have it."""
