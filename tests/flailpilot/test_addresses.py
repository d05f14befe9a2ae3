"""HOST:PORT on the command line: digits of the Latin script, or one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flailpilot.addresses import host_port
from vehicle.contracts.errors import InputError


@given(st.integers(1, 65535))
def test_every_port_is_read(port: int) -> None:
    assert host_port("--vehicle", f"192.0.2.10:{port}", "1") == ("192.0.2.10", port)


@given(st.text("0123456789²٣+- x", max_size=6))
def test_any_other_text_is_one_line(text: str) -> None:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        with pytest.raises(InputError, match="--vehicle"):
            host_port("--vehicle", f"h:{text}", "1")


@pytest.mark.parametrize("port", ["²", "٨٠", "0", "65536", "9" * 5000, "-1", "+1", " 1"])
def test_digits_of_another_script_and_impossible_ports_are_refused(port: str) -> None:
    with pytest.raises(InputError, match="write HOST:PORT"):
        host_port("--vehicle", f"h:{port}", "14555")
