"""The files that stations may read: parameters, record of ground, site and plan, staged plan, shift, names, machine."""

from collections.abc import Callable

import msgspec

from vehicle.config.machine import MachineConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.operator_link.console_reports import ConsoleReports
from vehicle.operator_link.day_file import DAY, day_file
from vehicle.operator_link.machine_file import MACHINE, machine_file
from vehicle.operator_link.parameters import Parameters
from vehicle.operator_link.shift_file import SHIFT, shift_file
from vehicle.operator_link.site_file import SITE, MachineFacts, SiteArea, site_file
from vehicle.operator_link.staging import HELD, STAGED, PlanTaker, SiteSource, Staged, packed_stage
from vehicle.operator_link.station_names import NAMES, names_file

PARAMETERS = "@PARAM/param.pck"


class VehicleFiles:
    """`taker`: who takes plans that consoles hand over, None: nobody does. `areas`, `sources`: by the site's hash.

    `names`: of the stations, by system id; `facts`: of the machine.
    """

    def __init__(
        self, parameters: Parameters, reports: ConsoleReports, datum: LocalFrame, machine: MachineConfig
    ) -> None:
        self._parameters, self._reports, self._datum = parameters, reports, datum
        limits = machine.limits
        self._hammers = machine.tool.hammers
        self.facts = MachineFacts(roll_max_deg=limits.roll_max_deg, pitch_max_deg=limits.pitch_max_deg)
        self.names: dict[int, str] = {}
        self.taker: PlanTaker | None = None
        self.areas: dict[str, tuple[SiteArea, ...]] = {}
        self.sources: dict[str, SiteSource] = {}
        self._large: dict[str, tuple[tuple[object, ...], bytes]] = {}
        """The files that take longer than a tick to make, with what each was made of."""
        self._made: dict[str, Callable[[], bytes]] = {
            SITE: self._site,
            NAMES: lambda: names_file(self.names),
            MACHINE: lambda: machine_file(self._hammers),
            DAY: lambda: day_file(self._reports.days.day),
            SHIFT: lambda: shift_file(self._reports.shift),
            STAGED: lambda: msgspec.json.encode(self.taker.staged if self.taker is not None else Staged()),
        }

    def read(self, path: str) -> bytes | None:
        """The content of a file now; None where there is none of this name."""
        if path.startswith("@LEDGER/"):
            return self._reports.ground.file(path)
        if path == HELD:
            return self._held()
        if path.split("?", maxsplit=1)[0] == PARAMETERS:
            return self._parameters.packed(with_defaults="withdefaults=1" in path)
        made = self._made.get(path)
        return made() if made is not None else None

    def _held(self) -> bytes | None:
        """The plan that the vehicle holds, with its site file; None where one of them is not there."""
        plan = self._reports.plan
        source = self.sources.get(plan.site_hash) if plan is not None else None
        if plan is None or source is None:
            return None
        return self._once(HELD, (plan, source), lambda: packed_stage(plan, source))

    def _site(self) -> bytes:
        plan = self._reports.plan
        areas = self.areas.get(plan.site_hash) if plan is not None else None
        made_of = (plan, areas, self.facts)
        return self._once(SITE, made_of, lambda: site_file(plan, self._datum, self.areas, self.facts))

    def _once(self, name: str, made_of: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """Make a file again only of other things: consoles ask for it while the machine works, and each tick waits."""
        before, content = self._large.get(name, ((), b""))
        if len(before) != len(made_of) or any(one is not other for one, other in zip(before, made_of, strict=True)):
            content = make()
            self._large[name] = made_of, content
        return content
