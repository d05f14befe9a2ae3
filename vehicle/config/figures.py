"""The input of `flailpilot figures`: a TOML file of tables, each of them optional.

[scores]                             # grids of values in 0..1, one each, or one CSV with three columns
historic = "historic.tif"            # H_m, historic mine density coefficient
soil = "soil.tif"                    # S_t, soil susceptibility
visual = "visual.tif"                # V_i, visual anomaly seen from the air
# or: csv = "cells.csv"              # lon_deg,lat_deg,historic,soil,visual; an empty field is no data

[effectiveness]                      # E = (L x D) - (C x R)
mines_per_km2 = 125.0
degradation = 0.4
cleared_percent = 12.0
restoration = 0.5

[sustainability]                     # CSC = (E_f + B_r) / 2 x D_i, and with 1 - D_i
operational_efficiency = 0.7
biodiversity_ratio = 0.5
disturbance = 0.6

[restoration]                        # R_e = (A_c x B_r) / (T_s x pollution_factor)
cleared_km2 = 0.5
biodiversity_ratio = 0.5
toxicity = 0.2
pollution_factor = 0.4

[cost]
total = 120000.0
currency = "AZN"
area_m2 = 40000.0
items = 12
"""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from vehicle.config.errors import first_line
from vehicle.config.load import read_toml, shown_path
from vehicle.config.machine_parts import NotNegative, Positive, Strict
from vehicle.contracts.errors import InputError

Share = Annotated[float, Field(ge=0.0, le=1.0)]
PositiveShare = Annotated[float, Field(gt=0.0, le=1.0)]


class Scores(Strict):
    """Files with the three terms of the contamination score: three GeoTIFFs on one grid, or one CSV."""

    historic: str | None = None
    soil: str | None = None
    visual: str | None = None
    csv: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        grids = [name for name in (self.historic, self.soil, self.visual) if name is not None]
        if (self.csv is None and len(grids) != 3) or (self.csv is not None and grids):
            raise ValueError("name either the three files historic, soil and visual, or csv alone")
        return self


class Effectiveness(Strict):
    """Terms of E; all are taken as plain indices, because their units do not match."""

    mines_per_km2: NotNegative
    degradation: NotNegative
    cleared_percent: Annotated[float, Field(ge=0.0, le=100.0)]
    restoration: NotNegative


class Sustainability(Strict):
    """Terms of CSC."""

    operational_efficiency: Share
    biodiversity_ratio: Share
    disturbance: Share


class Restoration(Strict):
    """Terms of R_e. `pollution_factor` is called P_c in its source; it is not the P_c of the score."""

    cleared_km2: NotNegative
    biodiversity_ratio: PositiveShare
    toxicity: Positive
    pollution_factor: Positive


class Cost(Strict):
    """Cost of the work, with the area and the number of items found."""

    total: NotNegative
    currency: Annotated[str, Field(min_length=1, max_length=12)]
    area_m2: Positive
    items: Annotated[int, Field(ge=0)] = 0


class FiguresFile(Strict):
    """The file."""

    scores: Scores | None = None
    effectiveness: Effectiveness | None = None
    sustainability: Sustainability | None = None
    restoration: Restoration | None = None
    cost: Cost | None = None


def load_figures(path: Path) -> FiguresFile:
    """Read and check the file.

    Raises:
        InputError: One line: the file, the key, what to do.
    """
    tables = read_toml(path)
    try:
        return FiguresFile.model_validate(tables)
    except ValidationError as error:
        raise InputError(f"{shown_path(path)}: {first_line(error, FiguresFile)}") from None
