# SPDX-License-Identifier: BSD-3-Clause
"""The power fails while a machine writes to its disk (tests/powercut.py)."""

import powercut


def test_every_prefix(tmp_path):
    """Each disk that a power cut may leave is in order, and has what was synced."""
    results = list(powercut.tried(tmp_path, variants=1))
    assert len(results) > 20
    assert [result for result in results if result[1]] == []


def test_a_missing_flush_is_found(tmp_path):
    """Without the flushes, some of these disks are not what was synced."""
    before, entries = powercut.record(tmp_path)
    writes = [entry for entry in entries if entry is not None]
    disk = bytearray(before)
    for offset, data in writes[:-1] if len(writes) < 6 else writes[5:]:
        powercut.store(disk, offset, data, None)
    assert powercut.judge(tmp_path, disk, 4) != ""
