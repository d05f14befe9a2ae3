"""The control stack on storeys: contracts, config and host below, the rooms, records and reports, the runtime above.

controller, sources -> checks, estimate -> mission -> drive, flail -> safety -> controller
"""
