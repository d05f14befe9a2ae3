"""The control stack: pure rooms in the order of the flow, and their thin asyncio shell.

wire -> estimate -> mission / coverage -> drive + flail requests -> safety gate -> wire
"""
