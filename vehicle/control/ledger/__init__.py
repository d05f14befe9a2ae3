"""The record of which ground was processed: masks in the tick; journal, gaps, pictures and exports outside it."""
