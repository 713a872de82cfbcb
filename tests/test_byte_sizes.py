"""Amounts of memory, as they are typed."""

import pytest

from cosycli.byte_sizes import bytes_of, megabytes
from cosycli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4_000_000_000),
        ("500MB", 500_000_000),
        ("1.5GiB", 1536 * 1024 * 1024),
        ("2 gb", 2_000_000_000),
        ("64kib", 65536),
        ("1TB", 10**12),
    ],
)
def test_an_amount_is_read(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "4", "GB", "four GB", "-1GB", "0GB", "4GBs", "1e9GB", "9" * 400 + "GB"])
def test_what_is_no_amount_is_refused_with_some_that_are(text: str) -> None:
    with pytest.raises(UsageError, match="such as 4GB, 500MB"):
        bytes_of(text)


def test_megabytes_are_enough_to_hold_what_they_name() -> None:
    assert megabytes(1_000_001) == "2MB"
    assert bytes_of(megabytes(123_456_789)) >= 123_456_789
