"""Pictures of the machine's cameras for a console, each with its time, number and machine; newest only."""
