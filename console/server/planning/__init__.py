"""Sites, plans and the record for the page's Plan and Record views; heavy work runs in worker processes."""
