"""Correct kernels that do it otherwise (tests/variants) get full points in the labs that they are about.
(`make variants` grades them in all labs, with fresh seeds.)"""

import pytest

import patches
import vary
from grading import engine

LEAST = 8
SEED = 1


def test_there_are_enough():
    """Eight at least, each with tests that there are."""
    variants, labs = vary.all_variants(), engine.load_labs()
    assert len(variants) >= LEAST
    for variant in variants:
        assert patches.find_tests(variant, labs)


@pytest.mark.parametrize("variant", vary.all_variants(), ids=lambda variant: variant.name)
def test_accepted(variant, tmp_path):
    """It builds without a warning, and no grader of its labs rejects it."""
    cases = patches.find_tests(variant, engine.load_labs())
    with patches.machine_of(variant, tmp_path, strict=True) as tree:
        assert vary.rejections(cases, [SEED], tree) == []
