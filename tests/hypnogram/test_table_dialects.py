"""Whatever the dialect of a table: what is read out of it is what was written into it, or it is refused."""

from __future__ import annotations

import pytest
from table_dialects import DIALECTS, difference, random_table

from eegvlm.errors import InputError
from eegvlm.hypnogram import read_hypnogram

N_TABLES = 750
# Dialects that say nothing of what their numbers are, or two things: they are refused as a rule.
MOSTLY_REFUSED = {"a_column_nobody_knows", "light_and_deep_sleep", "one_code_a_second", "onset_in_another_unit"}
MOSTLY_REFUSED |= {"two_scorings_without_a_scorer", "two_lengths_of_epochs", "clock_as_numbers", "sums_of_stages"}
MOSTLY_REFUSED |= {"events_with_their_stage", "changes_of_one_length", "titles_among_labels", "merged_cells"}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Read every table; dialect and outcome of each: ``read``, ``refused``, or how it differs."""
    path = tmp_path_factory.mktemp("dialects") / "table.csv"
    outcomes = []
    for seed in range(N_TABLES):
        table = random_table(seed)
        path.write_bytes(table.text.encode())
        try:
            read = read_hypnogram(path, **table.options)
        except InputError:
            outcomes.append((table.dialect, "refused"))
        else:
            outcomes.append((table.dialect, difference(table, read) or "read"))
    return outcomes


@pytest.mark.slow
def test_no_table_reads_back_as_another_scoring(outcomes):
    different = [(seed, *outcome) for seed, outcome in enumerate(outcomes) if outcome[1] not in ("read", "refused")]
    assert different == []


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - MOSTLY_REFUSED))
def test_most_tables_of_a_dialect_are_read(outcomes, dialect):
    of_dialect = [outcome for name, outcome in outcomes if name == dialect]
    assert of_dialect.count("read") >= 0.4 * len(of_dialect) > 0
