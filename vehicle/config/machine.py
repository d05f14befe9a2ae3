"""A machine profile: its parts (`vehicle/config/machine_parts.py`) and the source of every figure.

Read from TOML by `vehicle/config/load.py`; `configs/README.md` explains every key. Cross-checks
(`vehicle/config/machine_checks.py`) refuse what cannot be true, such as a rate above working speed x width.
"""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from vehicle.config import machine_checks
from vehicle.config.machine_parts import (
    BodyConfig,
    EngineConfig,
    GnssConfig,
    LimitsConfig,
    RatesConfig,
    Strict,
    ToolConfig,
    TracksConfig,
)


class MachineConfig(Strict):
    """A machine profile; `sources` names the origin of every figure by its dotted key, `tool.width_m`.

    `tools` holds the other tools that the machine can carry; `with_tool` fits one of them. Pydantic raises an error if
    figures contradict each other or a figure has no source.
    """

    name: Annotated[str, Field(min_length=1)]
    maker: str
    aliases: tuple[str, ...] = ()
    complete: bool
    notes: str
    tool: ToolConfig
    tools: dict[str, ToolConfig] = Field(default_factory=dict)
    tracks: TracksConfig
    body: BodyConfig
    limits: LimitsConfig
    gnss: GnssConfig
    rates: RatesConfig
    engine: EngineConfig = EngineConfig()
    sources: dict[str, str]

    @field_validator("sources", mode="before")
    @classmethod
    def _flatten_sources(cls, table: Any) -> Any:
        """TOML reads `tool.width_m = "..."` as nested tables; the profile holds dotted keys."""
        return machine_checks.flattened(table)

    @model_validator(mode="after")
    def _check(self) -> Self:
        machine_checks.check_parts(self.tool, self.tools, self.tracks, self.body, self.rates)
        machine_checks.check_sources(self, self.sources)
        return self

    @property
    def unverified(self) -> tuple[str, ...]:
        """Keys whose figures no public source confirms; they must be measured on the machine before real use."""
        return tuple(sorted(key for key, source in self.sources.items() if source.startswith("unverified")))

    def with_tool(self, name: str) -> "MachineConfig":
        """Return the machine with `tools[name]`; the published rate belongs to the old tool and is dropped.

        Raises KeyError for a tool that the profile does not list, ValueError where tool and machine do not fit.
        """
        fitted = self.tools[name]
        prefix = f"tools.{name}."
        sources = {key: text for key, text in self.sources.items() if not key.startswith(("tool.", "tools.", "rates."))}
        sources |= {f"tool.{key[len(prefix) :]}": text for key, text in self.sources.items() if key.startswith(prefix)}
        sources |= dict.fromkeys(
            ("rates.published_m2_per_h", "rates.depth_published_m"), "none published for this tool"
        )
        rates = RatesConfig(published_m2_per_h=0.0, depth_published_m=0.0)
        changed = {"tool": fitted, "tools": {}, "rates": rates, "sources": sources}
        return MachineConfig.model_validate({**dict(self), **changed})
