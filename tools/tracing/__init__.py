# SPDX-License-Identifier: BSD-3-Clause
"""From the lines that ktrdump prints to pictures of them: a page of our own, and Perfetto's format."""
