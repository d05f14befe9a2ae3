"""Who is there: peers by address, stations by system id, and sessions, each a station on a peer."""

from collections.abc import Callable, Collection

from firmware_bridge.mavlink.framing import Frame
from vehicle.operator_link.admission import Address, Channel
from vehicle.operator_link.gcs_session import GcsSession, Vehicle
from vehicle.operator_link.gcs_station import GcsStation
from vehicle.operator_link.peer import SILENT_NS, Peer
from vehicle.operator_link.sticks import StickReader

PEERS_MAX = 16
Key = tuple[str, Address]
"""Name of the channel, address."""


class Peers:
    """Remembers whose frames were accepted, until they are silent.

    Args:
        make_peer: Makes the services of a new address.
        make_sticks: Makes the sticks of a new station.
        has_session: Whether a system id has a session of our console now.
        forgotten: Called with each peer that is removed.
    """

    def __init__(
        self,
        make_peer: Callable[[Channel, Address, int], Peer],
        make_sticks: Callable[[], StickReader],
        has_session: Callable[[int], bool],
        forgotten: Callable[[Key], None],
    ) -> None:
        self._make_peer, self._make_sticks = make_peer, make_sticks
        self._has_session, self._forgotten = has_session, forgotten
        self.peers: dict[Key, Peer] = {}
        self.stations: dict[int, GcsStation] = {}
        self._guests: dict[tuple[Key, int], GcsSession] = {}

    @property
    def gcs_sessions(self) -> Collection[GcsSession]:
        """Every station on every peer."""
        return self._guests.values()

    def peer(self, channel: Channel, address: Address, now_ns: int) -> Peer | None:
        """The peer at an address, made if there is room."""
        key = (channel.name, address)
        peer = self.peers.get(key)
        if peer is None:
            self.forget(now_ns)
            if len(self.peers) >= PEERS_MAX:
                return None
            peer = self.peers[key] = self._make_peer(channel, address, now_ns)
        return peer

    def gcs(self, vehicle: Vehicle, peer: Peer, frame: Frame) -> GcsSession:
        """The sender of a frame on its peer."""
        key = ((peer.channel.name, peer.address), frame.system_id)
        gcs = self._guests.get(key)
        if gcs is None:
            station = self.stations.get(frame.system_id)
            if station is None:
                station = self.stations[frame.system_id] = GcsStation(
                    frame.system_id, self._make_sticks(), peer.heard_ns
                )
            gcs = self._guests[key] = GcsSession(vehicle, peer, station, frame.component_id, self._has_session)
        return gcs

    def forget(self, now_ns: int) -> None:
        """Silent peers make room."""
        for key, peer in list(self.peers.items()):
            if peer.silent(now_ns):
                del self.peers[key]
                peer.transfers.abandon()
                self._forgotten(key)
                self._guests = {held: gcs for held, gcs in self._guests.items() if held[0] != key}
        known = {system_id for _, system_id in self._guests}
        self.stations = {system_id: one for system_id, one in self.stations.items() if system_id in known}

    def revoke(self, system_id: int) -> None:
        """Its sticks, goals and uploads end with its key."""
        for peer in self.peers.values():
            peer.transfers.abandon(system_id)
        self.stations.pop(system_id, None)
        self._guests = {held: gcs for held, gcs in self._guests.items() if held[1] != system_id}

    def drop(self, channel: Channel, address: Address) -> None:
        """A connection is closed."""
        peer = self.peers.get((channel.name, address))
        if peer is not None:
            peer.transfers.abandon()
            peer.invited = False
            peer.heard_ns -= 2 * SILENT_NS
            self.forget(peer.heard_ns + SILENT_NS + 1)
