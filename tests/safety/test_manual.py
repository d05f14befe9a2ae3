"""The printed fault list is the one that the gate obeys."""

from tests.safety.manual import PAGE, page_with_table


def test_the_manual_prints_the_table_in_force() -> None:
    page = PAGE.read_text()
    assert page == page_with_table(page), "print it anew: python -m tests.safety.manual"
