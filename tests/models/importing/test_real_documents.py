"""The documents of a folder of real ones beside the checkout, if there is one: all of them import and hold."""

from pathlib import Path

import pytest

from models.importing.verify import verify_text
from tests.models.importing.documents import TODAY

FOLDER = Path(__file__).parents[4] / "shared" / "provider-schemas"
FILES = sorted(FOLDER.glob("*/*.json"))

# `shotlist models import --verify` tries 200 each; here a few of each keep the suite quick.
INPUTS = 4


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason=f"no real schema documents in {FOLDER}")
def test_every_real_document_imports_and_its_inputs_hold() -> None:
    verdicts = [
        verdict
        for path in FILES
        for verdict in verify_text(path.read_bytes(), path.parent.name, path.stem, inputs=INPUTS, today=TODAY)
    ]
    assert [(verdict.name, verdict.told) for verdict in verdicts if not verdict.imported] == []
    assert [(verdict.name, verdict.told) for verdict in verdicts if verdict.valid < verdict.tried] == []
    assert sum(verdict.tried for verdict in verdicts) >= 0.9 * INPUTS * len(FILES)
    refused, forbidden = sum(each.refused for each in verdicts), sum(each.forbidden for each in verdicts)
    assert refused >= 0.99 * forbidden
