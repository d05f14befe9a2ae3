"""Coverage plans measured: real and generated sites, checked independently, beside the peers."""
