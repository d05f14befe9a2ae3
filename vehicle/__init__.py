"""The control stack on storeys: contracts, config and host below, the rooms, records and reports, the runtime above.

wire -> estimate -> mission / coverage -> drive + flail requests -> safety gate -> wire
"""
