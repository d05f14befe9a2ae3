#!/usr/bin/env bash
# serialx 1.15.1 (PyPI), on Linux.
#
# A serial port can be a device, or a serial-to-network adapter at socket://HOST:PORT. `num_unread_bytes()` and
# `num_unwritten_bytes()` are documented as the bytes that wait to be read and to be written. On a device they are. On
# socket:// both are always 0, without a warning: with 1,000 bytes in the socket's receive buffer, and with 100,000 bytes
# that the other end has not fetched. `read` then returns the bytes of which there were none.
#
# In the field: a loop that reads when something waits never reads, and a driver that holds commands back while the line is
# full sees an empty line, so that a machine behind a slow adapter is handed its old commands later.
#
# Seen: of the same 1,000 bytes a pty tells 1000, and socket:// tells 0 and reads 1000; 100,000 bytes that nobody fetches
# are told as 0, while the kernel holds them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check serialx==1.15.1
cat > backlog.py <<'PY'
import array, fcntl, os, select, socket, termios, tty

import serialx

SENT = bytes(1000)


def held(of: int) -> int:
    """Bytes in a socket's send buffer that the other end has not taken yet (Linux)."""
    found = array.array("i", [0])
    fcntl.ioctl(of, termios.TIOCOUTQ, found)
    return found[0]


master, slave = os.openpty()
tty.setraw(slave)
with serialx.serial_for_url(os.ttyname(slave), baudrate=115200) as device:
    os.write(master, SENT)
    select.select([device.fileno()], [], [], 10.0)
    on_device = device.num_unread_bytes()
with socket.create_server(("127.0.0.1", 0)) as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    port = server.getsockname()[1]
    with serialx.serial_for_url(f"socket://127.0.0.1:{port}", baudrate=115200) as line:
        adapter, _ = server.accept()
        adapter.sendall(SENT)
        select.select([line._socket], [], [], 10.0)
        on_socket, read = line.num_unread_bytes(), len(line.read(len(SENT)))
        line.write(bytes(100_000))
        unwritten, kernel = line.num_unwritten_bytes(), held(line._socket.fileno())
        adapter.close()
print(f"1000 bytes wait: a device tells {on_device}, socket:// tells {on_socket}, and reads {read}")
print(f"100000 bytes that nobody fetches: socket:// tells {unwritten} unwritten, the kernel holds {kernel}")
assert (on_device, on_socket, read) == (1000, 0, 1000)
assert unwritten == 0 < kernel
PY
venv/bin/python backlog.py
