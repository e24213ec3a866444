# SPDX-License-Identifier: BSD-3-Clause
"""Kernels that are correct but work differently (tests/variants) get full points in the labs that they
concern. (`make variants` grades them in all labs, with fresh seeds.)"""

import pytest

import patches
import vary
from grading import engine

LEAST = 8
SEED = 1


def test_there_are_enough():
    """There are at least eight variants, each of which names existing tests."""
    variants, labs = vary.all_variants(), engine.load_labs()
    assert len(variants) >= LEAST
    for variant in variants:
        assert patches.find_tests(variant, labs)


@pytest.mark.parametrize("variant", vary.all_variants(), ids=lambda variant: variant.name)
def test_accepted(variant, tmp_path):
    """A variant builds without a warning, and no test that it names rejects it."""
    cases = patches.find_tests(variant, engine.load_labs())
    with patches.machine_of(variant, tmp_path, strict=True) as tree:
        assert vary.rejections(cases, [SEED], tree) == []
