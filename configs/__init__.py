"""Machine profiles, sites, scenarios: data that ships with the program."""
