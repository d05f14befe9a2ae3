"""Pictures from the machine's cameras to a console, each with its time, its number and its machine; newest only."""
